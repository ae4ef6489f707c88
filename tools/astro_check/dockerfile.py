"""The parts of a Dockerfile that the checks read: its bases, its variables, its commands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FROM = re.compile(r"FROM\s+(?:--platform=(?P<platform>\S+)\s+)?(?P<image>\S+)", re.IGNORECASE)
_STAGE = re.compile(r"\s+AS\s+(\S+)\s*$", re.IGNORECASE)
_ARG = re.compile(r"ARG\s+(\w+)=(\S*)", re.IGNORECASE)
_ENV = re.compile(r"ENV\s+(.*)", re.IGNORECASE)
_PAIR = re.compile(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)")


@dataclass(frozen=True, slots=True)
class Base:
    """One FROM line.

    Attributes:
        line: Its number.
        image: The image, build arguments filled in by their defaults.
        platform: The platform it pins; empty for none.
    """

    line: int
    image: str
    platform: str


@dataclass(slots=True)
class Dockerfile:
    """The content of a Dockerfile.

    Attributes:
        bases: FROM lines whose image is not a stage of this file.
        env: Variables of all stages.
        commands: Numbers and texts of all instructions, comments left out.
    """

    bases: list[Base] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    commands: list[tuple[int, str]] = field(default_factory=list)


def read_dockerfile(path: Path) -> Dockerfile:
    """Read a Dockerfile; one that is not there says nothing."""
    found = Dockerfile()
    if not path.is_file():
        return found
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    for number, command in _commands(path.read_text(encoding="utf-8")):
        found.commands.append((number, command))
        if match := _ARG.match(command):
            arguments[match[1]] = match[2]
        elif match := _ENV.match(command):
            found.env |= {name: value.strip("\"'") for name, value in _PAIR.findall(match[1])}
        elif match := _FROM.match(command):
            image = re.sub(
                r"\$\{?(\w+)\}?", lambda name: arguments.get(name[1], name[0]), match["image"]
            )
            if image not in stages:
                found.bases.append(Base(number, image, match["platform"] or ""))
            if stage := _STAGE.search(command):
                stages.add(stage[1])
    return found


def _commands(text: str) -> list[tuple[int, str]]:
    """Return the instructions with the number of their first line, continued lines joined."""
    commands: list[tuple[int, str]] = []
    pending = ""
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        start = start if pending else number
        pending += stripped.removesuffix("\\")
        if not stripped.endswith("\\"):
            commands.append((start, pending))
            pending = ""
    return commands
