"""The fix of a failure, as Airflow in the cluster words it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from meltano_pods.project.meltano_command import build_meltano_command
from meltano_runner.contract.hint import build_hint
from meltano_runner.contract.result import Outcome, RunResult

from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from meltano_runner.contract.categories import Category


def expected_fix(category: Category, plugin: str | None = None) -> str:
    """Return the fix for a failed run of the project `faults`, whose image has the Makefile."""
    result = RunResult(Outcome.FAILED, 1, category, failed_plugin=plugin)
    return build_hint(result, partial(build_meltano_command, ROOT / "meltano" / "faults"))
