"""The commands of Meltano in the fixes of a project's errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.project import read_project
from meltano_pods.project.meltano_command import build_meltano_command
from meltano_pods.project.references.lock_files import find_undefined_plugins

from tests.support.projects import GOOD, errors_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.projects import MakeProject

MAKEFILE = ".PHONY: meltano\nmeltano: .venv\n\t@true\n"


def test_a_project_that_make_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    assert build_meltano_command(tmp_path / "elt" / "store", "lock x") == "meltano lock x"


@pytest.mark.parametrize("clone", [True, False])
def test_fixes_of_a_definition(clone: bool, make_project: MakeProject) -> None:
    loader = "- name: target-jsonl\n"
    project = make_project(GOOD.replace(loader, f"{loader}    inherit_from: target-x\n"))
    if clone:
        (project.parents[1] / "Makefile").write_text(MAKEFILE)
    lock = project / "plugins" / "utilities" / "dbt--default.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("{")
    (unreadable,) = errors_in(project)
    fixes = [unreadable.fix, *(each.fix for each in find_undefined_plugins(read_project(project)))]
    for fix, arguments in zip(
        fixes,
        ("lock --update dbt", "lock tap-csv", "add --plugin-type loaders target-x"),
        strict=True,
    ):
        plain = f"`meltano {arguments}`"
        assert (f"`make meltano PROJECT=shop ARGS='{arguments}'`" if clone else plain) in fix
        assert (plain in fix) is not clone
        assert ("in the project's folder" in fix) is (not clone and "lock tap-csv" in fix)
