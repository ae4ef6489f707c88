"""Sidecars and init containers of a task's pod."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from meltano_pods.failures import RunFailedError
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, RunResult

from tests.support.pods import container, ended, over
from tests.unit.pods.airflow.runs import NAME, context

if TYPE_CHECKING:
    from tests.support.fake_cluster import FakeCluster
    from tests.unit.pods.airflow.runs import MakeTask

FAILED = RunResult(Outcome.FAILED, 1, Category.TAP_FAILED, "tap-a", "HTTP 500")
SIDECAR = container({"running": {}}, "proxy")


def test_a_run_that_succeeded_does_not_wait_for_its_sidecar(
    task: MakeTask, cluster: FakeCluster
) -> None:
    cluster.steps[-1] = over(
        ended(), phase="Running", containerStatuses=[container(ended()), SIDECAR]
    )
    assert task().execute(context())["outcome"] == "succeeded"
    ((name, options),) = cluster.deletions
    assert (name, options["gracePeriodSeconds"]) == (NAME, 15)


def test_a_pod_that_is_kept_keeps_no_sidecar(task: MakeTask, cluster: FakeCluster) -> None:
    state = ended(1, message=FAILED)
    cluster.steps[-1] = over(state, phase="Running", containerStatuses=[container(state), SIDECAR])
    with pytest.raises(RunFailedError, match="tap_failed"):
        task().execute(context())
    assert cluster.deletions == []
    assert cluster.pods[NAME]["spec"]["activeDeadlineSeconds"] == 1


def test_a_pod_without_sidecars_is_not_changed(task: MakeTask, cluster: FakeCluster) -> None:
    cluster.steps[-1] = over(ended(1, message=FAILED))
    with pytest.raises(RunFailedError):
        task().execute(context())
    assert "patch" not in cluster.requests


def test_the_last_lines_of_an_init_container_that_failed(
    task: MakeTask, cluster: FakeCluster, caplog: pytest.LogCaptureFixture
) -> None:
    broken = container(ended(3, "Error", ""), "vault")
    cluster.steps = [{"phase": "Failed", "initContainerStatuses": [broken]}]
    with (
        caplog.at_level(logging.WARNING, "task of this test"),
        pytest.raises(RunFailedError, match="container_failed") as caught,
    ):
        task().execute(context())
    assert "kubernetes: Error: init container vault, exit code 3" in str(caught.value)
    assert "[vault] last words of vault" in caplog.messages
