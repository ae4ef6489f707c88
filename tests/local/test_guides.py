"""The commands of how-to pages for a machine with only Python, typed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.tutorial import Typed, steps
from tests.support.checkout import ROOT
from tests.support.clone import typed
from tests.support.command_line import uncommented

if TYPE_CHECKING:
    from pathlib import Path

HOW_TO = ROOT / "docs" / "how-to"


@pytest.mark.timeout(300)
def test_a_new_project_runs_once_its_comment_signs_are_gone(fresh: Path) -> None:
    typed(fresh, ".venv/bin/meltano-pods new signals")
    project = fresh / "meltano" / "signals"
    file = project / "meltano.yml"
    file.write_text(uncommented(file.read_text()))
    (project / "data").mkdir()
    (project / "data" / "first.jsonl").write_text('{"id": 1}\n{"id": 2}\n')
    before = file.read_text()
    assert "Done: 2 records extracted" in typed(fresh, "make run DAG=signals.daily")
    assert file.read_text() == before  # Meltano had nothing to add


@pytest.mark.timeout(300)
def test_a_plugin_is_added_without_the_hub(fresh: Path) -> None:
    for step in steps(HOW_TO / "add-a-plugin.md"):
        if step.section == "From Meltano Hub":
            continue  # nothing else on the page asks it
        if isinstance(step, Typed):
            shown = typed(fresh, step.commands)
            assert (line := step.missing(shown)) is None, f"{line}\nis not in\n{shown}"
        else:
            step.write(fresh)
