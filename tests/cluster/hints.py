"""The fix of a failure, as Airflow in the cluster words it."""

from __future__ import annotations

from functools import partial

from meltano_pods.project.meltano_command import meltano_command
from meltano_runner.contract import Category, Outcome, RunResult
from meltano_runner.contract.hint import hint_of

from tests.support.checkout import ROOT


def expected_fix(category: Category, plugin: str | None = None) -> str:
    """Return the fix for a failed run of the project `faults`, whose image has the Makefile."""
    result = RunResult(Outcome.FAILED, 1, category, failed_plugin=plugin)
    return hint_of(result, partial(meltano_command, ROOT / "meltano" / "faults"))
