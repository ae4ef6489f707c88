"""Both images: built for amd64, the Airflow one on the Runtime, which brings Airflow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.astro_check.dockerfile import read_dockerfile
from tools.astro_check.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNTIME = re.compile(r"\S+/(?:astro-)?runtime:(?P<series>\d+\.\d+)-\d+\S*")
_ARM = re.compile(r"arm|aarch64", re.IGNORECASE)
_BAKE_PLATFORM = re.compile(r'variable\s+"PLATFORM"\s*\{\s*default\s*=\s*"([^"]*)"')
_INSTALLS_AIRFLOW = re.compile(r"\bapache-airflow(-core)?\s*(\[[^\]]*\])?\s*[=~<>]=")


def check(root: Path) -> Iterator[Finding]:
    """Yield what is wrong with the Dockerfiles and docker-bake.hcl."""
    yield from _bases(root)
    for file in sorted(root.glob("Dockerfile*")):
        if file.suffix == ".dockerignore":
            continue
        for base in read_dockerfile(file).bases:
            if _ARM.search(base.platform):
                yield Finding(
                    file.name,
                    f"line {base.line}",
                    f"--platform={base.platform}",
                    "linux/amd64: Astro has no other nodes",
                    "Remove --platform, or write --platform=linux/amd64.",
                )
        for line, command in read_dockerfile(file).commands:
            if _INSTALLS_AIRFLOW.search(command):
                yield Finding(
                    file.name,
                    f"line {line}",
                    command,
                    "no Airflow in addition to that of the Runtime",
                    "Remove it; the tag of the FROM line is Airflow's version.",
                )
    bake = root / "docker-bake.hcl"
    platform = _BAKE_PLATFORM.search(bake.read_text()) if bake.is_file() else None
    if platform is not None and _ARM.search(platform[1]):
        yield Finding(
            bake.name,
            'variable "PLATFORM"',
            platform[1],
            "linux/amd64, or empty for the machine's own",
            'Set its default to "".',
        )


def _bases(root: Path) -> Iterator[Finding]:
    bases = read_dockerfile(root / "Dockerfile").bases
    if not bases:
        yield Finding(
            "Dockerfile",
            "",
            "no FROM line",
            "a file whose first FROM names Astro Runtime",
            "Take the repository's Dockerfile.",
        )
        return
    first, *others = bases
    if not RUNTIME.fullmatch(first.image):
        yield Finding(
            "Dockerfile",
            f"line {first.line}",
            f"FROM {first.image}",
            "Astro Runtime with a whole version, such as "
            "astrocrpublic.azurecr.io/runtime:3.3-8-python-3.13",
            "Put it first: the Astro CLI uses the first FROM as the Runtime.",
        )
        return
    for other in others:
        # The same one without its ONBUILD steps is for stages that only build.
        if RUNTIME.fullmatch(other.image) and other.image not in {
            first.image,
            f"{first.image}-base",
        }:
            yield Finding(
                "Dockerfile",
                f"line {other.line}",
                f"FROM {other.image}",
                f"{first.image}, as in line {first.line}, or that with `-base`",
                "Name one Runtime in all FROM lines.",
            )
