"""Stands for the shell of the tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tools.cluster.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Mapping


class FakeShell(Shell):
    """Answers by a word of the command, and remembers what was run with which input."""

    def __init__(self, answers: Mapping[str, str | None]) -> None:
        super().__init__(Path("unused"))
        self.answers = answers
        self.ran: list[tuple[tuple[str, ...], str]] = []

    def ask(self, *command: str | Path, seconds: float = 60) -> str | None:
        del seconds
        return next((output for word, output in self.answers.items() if word in command), None)

    def run(
        self,
        *command: str | Path,
        fix: str = "",
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> str:
        del fix, cwd, environment
        self.ran.append((tuple(map(str, command)), stdin or ""))
        return ""
