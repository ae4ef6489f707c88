"""Notifications of a pod's failure and recovery, by email and to a web service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract.categories import Category

from tests.cluster.hints import expected_fix
from tests.support.inbox import READER
from tests.support.waiting import wait_for
from tools.cluster.apps import MELTANO_NAMESPACE

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster
    from tests.support.inbox import Inbox

DAG, TASK = "faults.job.told", "tap-told-to-target"


def _set_mode(cluster: Cluster, mode: str | None) -> None:
    """Break the tap's configuration in the project's Secret, or fix it."""
    where = ("--namespace", MELTANO_NAMESPACE, "patch", "secret", "meltano-faults-env")
    patch = {"stringData": {"TAP_TOLD_MODE": mode}} if mode else {"data": {"TAP_TOLD_MODE": None}}
    cluster.kubectl(*where, "--patch", json.dumps(patch))


@pytest.mark.timeout(600)
def test_a_failure_and_its_end_are_told(workers: Cluster, inbox: Inbox) -> None:
    _set_mode(workers, "break")
    try:
        failed = workers.start(DAG)
        assert workers.api.wait(DAG, failed, seconds=240) == "failed"
    finally:
        _set_mode(workers, None)
    log = workers.log_of(DAG, failed)
    wait_for("the failure's notification", lambda: inbox.notifications_about(DAG) or None)
    fixed = workers.start(DAG)
    assert workers.api.wait(DAG, fixed, seconds=240) == "success"
    wait_for("the recovery's notification", lambda: len(inbox.notifications_about(DAG)) > 1)

    (pod,) = workers.pods_of(DAG, run_id=failed)
    name = pod["metadata"]["name"]
    failure, recovery = inbox.notifications_about(DAG)
    assert (failure["event"], failure["category"]) == ("failure", "tap_failed"), log
    assert (failure["run_id"], failure["task_id"]) == (failed, TASK)
    assert "connection reset" in failure["error"]
    assert failure["hint"] == expected_fix(Category.TAP_FAILED, "tap-told")
    assert failure["extracted"] == 20
    (stream,) = failure["streams"]
    assert (stream["stream"], stream["extracted"], int(stream["bookmark"]) % 20) == (
        "numbers",
        20,
        0,
    )
    assert failure["pod"] == f"{MELTANO_NAMESPACE}/{name}"
    # They are good to be typed.
    *lines, comment = failure["look"]
    assert comment.startswith("# ")
    output = [workers.kubectl(*line.split()[1:]) for line in lines]
    assert "Args:" in output[0]
    assert "connection reset" in output[1]
    assert (recovery["event"], recovery["run_id"], recovery["extracted"]) == (
        "recovery",
        fixed,
        20,
    )
    assert recovery["failed_runs"] == 1

    wait_for("both mails", lambda: len(inbox.mails_about(DAG)) > 1)
    first, second = inbox.mails_about(DAG)
    assert (first["Subject"], first["To"]) == (f"Failed: {DAG} (tap_failed)", READER)
    assert second["Subject"] == f"Recovered: {DAG}"
    body = next(part for part in first.walk() if part.get_content_type() == "text/html")
    for wanted in (
        name,
        "connection reset",
        "numbers 20",
        f"kubectl --namespace {MELTANO_NAMESPACE}",
    ):
        assert wanted in body.get_content()
