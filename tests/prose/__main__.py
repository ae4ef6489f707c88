"""`python -m tests.prose VALE`: print what Vale finds in all files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.prose.texts import PATTERNS, prose_of
from tests.support.checkout import ROOT, versioned

CONFIG = ROOT / ".vale.ini"


def write_texts(folder: Path) -> None:
    """Write the prose of each file to a Markdown file below `folder`."""
    for file in versioned("*.md", *PATTERNS):
        name = str(file.relative_to(ROOT))
        pages = file.suffix == ".md"
        target = folder / (name if pages else f"{name}.md")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text() if pages else "\n".join(prose_of(file)))


def findings(vale: str, folder: Path) -> list[str]:
    """Return what Vale finds below `folder`, one line each, with the names of the sources."""
    command = [vale, f"--config={CONFIG}", "--output=line", "--no-wrap", "."]
    shown = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if shown.stderr or shown.returncode > 1:
        sys.exit(f"{shown.stdout}{shown.stderr}")
    suffix = re.compile(r"^(.*?)\.md(?=:\d+:\d+:)")
    return [
        suffix.sub(lambda found: str(source_of(found[0])), line)
        for line in sorted(shown.stdout.splitlines())
    ]


def source_of(name: str) -> str:
    """Return the source's name: its own where it is Markdown, else without the added suffix."""
    return name if (ROOT / name).exists() else name.removesuffix(".md")


def main() -> None:
    """Check all files."""
    with TemporaryDirectory() as folder:
        write_texts(Path(folder))
        found = findings(sys.argv[1], Path(folder))
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
