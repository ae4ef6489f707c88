"""The commands of Meltano in the fix of a failure, as they are typed for a project."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from meltano_pods.failures import build_error
from meltano_pods.project.meltano_command import build_meltano_command
from meltano_runner.contract.categories import CATEGORIES, Category
from meltano_runner.contract.result import Outcome, RunResult

from tests.support.records import make_record

if TYPE_CHECKING:
    from pathlib import Path


FAILED = RunResult(Outcome.FAILED, 1, Category.TAP_FAILED, failed_plugin="tap-csv")
MAKEFILE = ".PHONY: meltano\nmeltano: .venv\n\t@true\n"


def fix_of(result: RunResult, root: Path) -> str:
    typed = partial(build_meltano_command, root / "meltano" / "store")
    return build_error(make_record(result), typed).fix


def test_in_a_clone_it_is_typed_by_make(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    assert (
        "`make meltano PROJECT=store ARGS='invoke tap-csv --discover'` tries its connection"
        in fix_of(FAILED, tmp_path)
    )


@pytest.mark.parametrize("makefile", [None, "run:\n\t@meltano: run\n"])
def test_elsewhere_it_is_typed_as_it_is(makefile: str | None, tmp_path: Path) -> None:
    if makefile is not None:
        (tmp_path / "Makefile").write_text(makefile)
    assert "`meltano invoke tap-csv --discover`" in fix_of(FAILED, tmp_path)


@pytest.mark.parametrize(
    "category", [each for each in Category if "`meltano " in CATEGORIES[each].hint]
)
def test_no_hint_leaves_a_command_as_it_is(category: Category, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    result = RunResult(Outcome.FAILED, 1, category, failed_plugin="dbt")
    fix = fix_of(result, tmp_path)
    assert "`meltano " not in fix
    assert "`make meltano PROJECT=store ARGS=" in fix
