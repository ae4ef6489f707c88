"""Pods with several containers: that of the run alone decides, the others are named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from meltano_pods.pods.diagnose.containers import SIDECAR_DEADLINE, list_running_sidecars
from meltano_pods.pods.diagnose.outcome import judge_outcome
from meltano_pods.pods.diagnose.reasons import diagnose_start_timeout, diagnose_waiting
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, RunResult

from tests.support.pods import OK, container, ended, pod

FAILED = RunResult(Outcome.FAILED, 1, Category.TAP_FAILED, "tap-a", "HTTP 500")
RUNNING: dict[str, Any] = {"running": {}}
NATIVE = {"initContainers": [{"name": "proxy", "restartPolicy": "Always"}]}
PENDING: dict[str, Any] = {"waiting": {"reason": "PodInitializing"}}


def status(name: str, state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**container(state, name), **more}


@pytest.mark.parametrize(
    "sidecar", [ended(137, "OOMKilled", ""), ended(1, "Error", "proxy died"), RUNNING]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_sidecar_does_not_fail_a_run_that_succeeded(
    sidecar: dict[str, Any], *, first: bool
) -> None:
    statuses = [status("meltano", ended()), status("proxy", sidecar)]
    there = pod(phase="Failed", containerStatuses=statuses[:: -1 if first else 1])
    assert judge_outcome(there).succeeded


@pytest.mark.parametrize("sidecar", [ended(137, "OOMKilled", ""), ended(1), ended(0)])
def test_a_sidecar_does_not_change_why_a_run_failed(sidecar: dict[str, Any]) -> None:
    statuses = [status("proxy", sidecar), status("meltano", ended(1, message=FAILED))]
    outcome = judge_outcome(pod(phase="Failed", containerStatuses=statuses))
    assert (outcome.result.category, outcome.result.error) == (Category.TAP_FAILED, "HTTP 500")
    assert outcome.diagnosis is None


@pytest.mark.parametrize("end", [ended(137, "OOMKilled", ""), ended(1, "Error", "")])
def test_a_native_sidecar_does_not_change_the_outcome(end: dict[str, Any]) -> None:
    there = pod(ended(), initContainerStatuses=[status("proxy", end, started=False)])
    there["spec"] = NATIVE
    assert judge_outcome(there).succeeded


@pytest.mark.parametrize(
    ("state", "category", "words"),
    [
        (ended(3, "Error", ""), "container_failed", "Error: init container vault, exit code 3"),
        (ended(3, "StartError", "no such file"), "container_failed", "vault, exit code 3: no such"),
        (ended(137, "OOMKilled", ""), "out_of_memory", "OOMKilled: container vault"),
        (ended(255, "StartError", "exec format error"), "image_platform", "exec format error"),
    ],
)
def test_an_init_container_that_fails_is_named(
    state: dict[str, Any], category: str, words: str
) -> None:
    statuses = [status("vault", state), status("later", PENDING)]
    there = pod(
        phase="Failed",
        initContainerStatuses=statuses,
        containerStatuses=[status("meltano", PENDING)],
    )
    outcome = judge_outcome(there)
    assert outcome.result.category == category
    assert words in str(outcome.diagnosis)
    if category == "container_failed":
        assert outcome.diagnosis is not None
        assert outcome.diagnosis.container == "vault"


@pytest.mark.parametrize(("restarts", "final"), [(1, False), (3, True)])
def test_a_native_sidecar_that_fails_again_and_again(restarts: int, *, final: bool) -> None:
    crashing = status(
        "proxy",
        {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed"}},
        restartCount=restarts, lastState={"terminated": {"exitCode": 7}},
    )  # fmt: skip
    there = pod(initContainerStatuses=[crashing], containerStatuses=[status("meltano", PENDING)])
    there["spec"] = NATIVE
    found = diagnose_waiting(there, [])
    assert found is not None
    assert (found.category, found.final, found.container) == (
        Category.CONTAINER_FAILED, final, "proxy"
    )  # fmt: skip
    assert f"sidecar proxy, {restarts} restarts, last exit code 7" in str(found)
    assert diagnose_start_timeout(there, []).category is Category.CONTAINER_FAILED


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "PodInitializing: init container vault runs"),
        ({"restartPolicy": "Always"}, "PodInitializing: sidecar vault is not ready"),
    ],
)
def test_a_container_that_the_run_waits_for_too_long_is_named(
    spec: dict[str, Any], words: str
) -> None:
    # What has started is a matter of probes: an init container without one has, at once.
    started = "restartPolicy" not in spec
    there = pod(initContainerStatuses=[status("vault", RUNNING, started=started)])
    there["spec"] = {"initContainers": [{"name": "vault", **spec}]}
    found = diagnose_start_timeout(there, [])
    assert (found.category, str(found), found.container) == (
        Category.START_TIMEOUT, words, "vault"
    )  # fmt: skip


def test_the_deadline_that_ends_sidecars_is_no_timeout() -> None:
    statuses = [status("meltano", ended(1, message=FAILED)), status("proxy", ended(143))]
    there = pod(phase="Failed", reason="DeadlineExceeded", containerStatuses=statuses)
    assert judge_outcome(there).result.category is Category.TIMED_OUT
    there["spec"] = {"activeDeadlineSeconds": SIDECAR_DEADLINE}
    assert judge_outcome(there).result.category is Category.TAP_FAILED
    done = replace(OK, extracted=1)
    there["status"]["containerStatuses"][0] = status("meltano", ended(message=done))
    assert judge_outcome(there).succeeded


def test_running_sidecars() -> None:
    there = pod(
        initContainerStatuses=[status("setup", ended()), status("proxy", RUNNING, started=True)],
        containerStatuses=[status("meltano", ended()), status("logs", RUNNING)],
    )
    assert list_running_sidecars(there) == ["proxy", "logs"]
