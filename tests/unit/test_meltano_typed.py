"""How a failure's fix has Meltano's own commands typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.diagnosis import Failure, failure_of
from meltano_pods.process.command import meltano_typed
from meltano_runner.contract import CATEGORIES, Category, Outcome, RunResult

if TYPE_CHECKING:
    from pathlib import Path

FAILED = RunResult(Outcome.FAILED, 1, Category.TAP_FAILED, failed_plugin="tap-csv")


def fix_of(result: RunResult, root: Path, runner: Path) -> str:
    typed = meltano_typed(root / "meltano" / "store", runner)
    return failure_of(Failure(result), "store: run", typed).fix


def test_in_a_clone_it_is_typed_by_make(tmp_path: Path) -> None:
    runner = tmp_path / ".venv-meltano" / "bin" / "meltano-runner"
    (tmp_path / "Makefile").touch()
    assert (
        "`make meltano PROJECT=store ARGS='invoke tap-csv --discover'` tries its connection"
        in fix_of(FAILED, tmp_path, runner)
    )


@pytest.mark.parametrize(
    "runner", [".venv-meltano/bin/meltano-runner", "/opt/meltano/bin/meltano-runner"]
)
def test_elsewhere_it_is_typed_as_it_is(runner: str, tmp_path: Path) -> None:
    assert "`meltano invoke tap-csv --discover`" in fix_of(FAILED, tmp_path, tmp_path / runner)


@pytest.mark.parametrize(
    "category", [each for each in Category if "`meltano " in CATEGORIES[each].hint]
)
def test_no_hint_leaves_a_command_as_it_is(category: Category, tmp_path: Path) -> None:
    (tmp_path / "Makefile").touch()
    result = RunResult(Outcome.FAILED, 1, category, failed_plugin="dbt")
    fix = fix_of(result, tmp_path, tmp_path / ".venv-meltano" / "bin" / "meltano-runner")
    assert "`meltano " not in fix
    assert "`make meltano PROJECT=store ARGS=" in fix
