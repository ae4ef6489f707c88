"""requirements.txt, packages.txt and meltano_requirements.txt, as the builds read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.astro_check.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROVIDER = "apache-airflow-providers-cncf-kubernetes"
_AIRFLOW = ("apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LOCAL = re.compile(r"(-e|--editable|-r|--requirement|-c|--constraint)\b|[./~]|.*\bfile:")


def check(root: Path) -> Iterator[Finding]:
    """Yield what is wrong with the lists of packages."""
    for name in ("requirements.txt", "packages.txt"):
        if not (root / name).is_file():
            yield Finding(
                name,
                "",
                "no such file",
                "a file, empty if need be: the Runtime's build fails without it",
                f"Create it: `touch {name}`.",
            )
    packages = root / "packages.txt"
    for number, line in _lines(packages):
        if line.startswith("#"):
            yield Finding(
                packages.name,
                f"line {number}",
                line,
                "names of Debian packages alone",
                "Remove the comment: each word is installed.",
            )
    yield from _requirements(root / "requirements.txt")


def names(file: Path) -> dict[str, int]:
    """Return the distributions that a requirements file names, with their lines."""
    found = {}
    for number, line in _lines(file):
        if not line.startswith(("#", "-")) and (match := _NAME.match(line)):
            found[re.sub(r"[-_.]+", "-", match[0]).lower()] = number
    return found


def _requirements(file: Path) -> Iterator[Finding]:
    named = names(file)
    if file.is_file() and PROVIDER not in named:
        yield Finding(
            file.name,
            "",
            f"no {PROVIDER}",
            f"{PROVIDER}==VERSION: the Runtime does not bring it, and pods need it",
            "Add it, at the version of pyproject.toml.",
        )
    for name in named.keys() & set(_AIRFLOW):
        yield Finding(
            file.name,
            f"line {named[name]}",
            name,
            "no Airflow: the Runtime contains it, and a second version breaks the image",
            "Remove it; the tag of the Dockerfile's FROM line is Airflow's version.",
        )
    for number, line in _lines(file):
        if _LOCAL.match(line):
            yield Finding(
                file.name,
                f"line {number}",
                line,
                "packages of an index: the Runtime installs them before the project is there",
                "Put your own code into include/, plugins/ or dags/; they are on the path.",
            )


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    if file.is_file():
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if stripped := line.strip():
                yield number, stripped
