"""`make astro-check`: prints everything that Astro would reject, and then exits with 1."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.astro_check import check


def main(arguments: list[str] | None = None) -> int:
    """Check the project; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.astro_check", description=__doc__)
    parser.add_argument(
        "--unpinned", action="store_true",
        help="accept a missing Meltano image, which a workflow sets after it has built it",
    )  # fmt: skip
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).resolve().parents[2],
        help="the Airflow project's folder",
    )  # fmt: skip
    chosen = parser.parse_args(arguments)
    findings = check(chosen.root, pinned=not chosen.unpinned)
    for finding in findings:
        print(f"{finding}\n")
    print(f"{len(findings)} to fix" if findings else "Astro would accept it: no findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
