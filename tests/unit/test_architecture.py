"""docs/explanation/architecture.md names every package, and only what exists."""

from __future__ import annotations

import re

from tests.support.checkout import ROOT, versioned

PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text()
SIDES = {"meltano_pods": "The Airflow side", "meltano_runner": "The runner"}


def packages(side: str) -> set[str]:
    """Return the packages that have modules of their own, as folders within their side."""
    top = ROOT / "include" / side
    folders = {file.parent for file in versioned(f"include/{side}/*.py")}
    with_modules = {
        folder
        for folder in folders
        if [each for each in folder.glob("*.py") if each.stem != "__init__"]
    }
    return {str(folder.relative_to(top)) for folder in with_modules - {top}}


def test_each_package_has_a_row_and_each_row_is_a_package() -> None:
    for side, heading in SIDES.items():
        _, _, section = PAGE.partition(f"\n## {heading}\n")
        section = section.partition("\n## ")[0]
        rows = re.findall(r"^\| `([\w/]+)/` \|", section, re.MULTILINE)
        assert set(rows) - {"cli/scaffold"} == packages(side)
        assert len(rows) == len(set(rows))


def test_each_file_that_the_page_names_exists() -> None:
    named = re.findall(r"`((?:include|dags|k8s)/[\w./-]+)`", PAGE)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []
