"""What `make lint-prose` hands to Vale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.prose.__main__ import source_of, write_texts
from tests.prose.texts import prose_of
from tests.support.checkout import versioned

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = '''"""What a run moved.

    An indented line.
"""
KEY = "extracted"  # a name, not prose
NAMES = re.compile("[a-z] [a-z]")  # noqa: X
raise ProjectError(
    f"the folder {folder!r} has "
    f"no `meltano.yml` in it",
    fix="Create one.",
)
'''


def prose(tmp_path: Path, name: str, text: str) -> dict[int, str]:
    file = tmp_path / name
    file.write_text(text)
    return {number: line for number, line in enumerate(prose_of(file), 1) if line}


def test_the_texts_of_python_stand_on_their_lines(tmp_path: Path) -> None:
    assert prose(tmp_path, "file.py", SOURCE) == {
        1: "What a run moved.",
        3: "An indented line.",
        5: "a name, not prose",
        8: "the folder `x` has no `meltano.yml` in it",
        10: "Create one.",
    }


def test_comments_and_help_of_a_makefile(tmp_path: Path) -> None:
    text = "# A comment.\nrun: .venv ## Run a DAG\n\t@echo '# not one'\n##@ Try it\n"
    assert prose(tmp_path, "Makefile", text) == {1: "A comment.", 2: "Run a DAG", 4: "Try it"}


def test_comments_of_a_script(tmp_path: Path) -> None:
    text = "#!/bin/sh\n# Two words.\nls  # and these\necho ${#names}\n"
    assert prose(tmp_path, "x.sh", text) == {2: "Two words.", 3: "and these"}


def test_notes_of_a_chart(tmp_path: Path) -> None:
    text = "Airflow {{ .Chart.Version }} runs.\n"
    assert prose(tmp_path, "NOTES.txt", text) == {1: "Airflow `x` runs."}


def test_a_finding_has_the_name_of_its_source(tmp_path: Path) -> None:
    write_texts(tmp_path)
    names = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.md")}
    assert names
    for name in names:
        assert versioned(source_of(name)), name
