"""What is exported can be imported, and errors keep their promise."""

from __future__ import annotations

import importlib
import pickle
import pkgutil

import meltano_pods
import pytest
from meltano_pods import errors
from meltano_pods.failures import NonRetryableRunError, RunFailedError
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, PipelineResult, RunResult, StreamResult
from meltano_runner.contract.run_record import PodReport

from tests.support.records import make_record

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(meltano_pods.__path__, "meltano_pods.")
    if module.ispkg
)


@pytest.mark.parametrize("name", ["meltano_pods", *MODULES])
def test_every_exported_name_exists(name: str) -> None:
    module = importlib.import_module(name)
    for exported in getattr(module, "__all__", ()):
        assert getattr(module, exported) is not None


def test_other_names_do_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        meltano_pods.nothing  # noqa: B018


@pytest.mark.parametrize(
    "kind", [errors.ProjectError, errors.SettingsError, errors.DeploymentError, errors.RunError]
)
def test_errors_say_what_where_and_fix_and_survive_pickling(
    kind: type[errors.MeltanoPodsError],
) -> None:
    error = pickle.loads(pickle.dumps(kind("it", errors.Location("a.yml", 3, "b"), "Fix it.")))  # noqa: S301
    assert isinstance(error, errors.MeltanoPodsError)
    assert str(error) == "it\n  where: a.yml, line 3, key b\n  fix: Fix it."


@pytest.mark.parametrize("kind", [NonRetryableRunError, RunFailedError])
def test_run_errors_survive_pickling(kind: type[RunFailedError]) -> None:
    streams = (StreamResult("orders", 12, 12, "2026-01-02"),)
    result = RunResult(
        Outcome.FAILED,
        1,
        Category.DISK_FULL,
        pipelines=(PipelineResult("tap-csv", streams=streams),),
    )
    record = make_record(result, pod=PodReport("meltano/a", "Evicted: full", ("kubectl",)))
    error = pickle.loads(pickle.dumps(kind("it", "here", "Fix it.", record)))  # noqa: S301
    assert isinstance(error, kind)
    assert error.record == record
    assert (error.category, str(error)) == (
        Category.DISK_FULL,
        "it\n  where: here\n  fix: Fix it.",
    )


@pytest.mark.parametrize("name", [each for each in dir(errors) if each.endswith("Error")])
def test_the_tree_names_every_error(name: str) -> None:
    assert name in str(errors.__doc__)
