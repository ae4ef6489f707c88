"""`meltano-pods run --kubernetes`: runs a task as the pod that Airflow would start."""

from __future__ import annotations

import signal
import uuid
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from kubernetes.client import CoreV1Api

from meltano_pods.cli.cluster import call_api
from meltano_pods.cli.deployment import LOCAL_IMAGE
from meltano_pods.cli.run_report import build_run_end
from meltano_pods.errors import DeploymentError
from meltano_pods.pods.cluster.driver import ClusterDriver
from meltano_pods.pods.diagnose.status import has_ended
from meltano_pods.pods.lifecycle.actions import ListPods, Pause, request
from meltano_pods.pods.lifecycle.create import WaitPolicy
from meltano_pods.pods.lifecycle.launch_run import launch_run
from meltano_pods.pods.lifecycle.observation import Observation
from meltano_pods.pods.lifecycle.pod_run import PodRun
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.options import build_pod_options
from meltano_pods.pods.spec.request import PodRequest
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    from meltano_pods.cli.cluster import Cluster
    from meltano_pods.cli.run_request import RunRequest
    from meltano_pods.pods.diagnose.outcome import PodOutcome
    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.results.task_report import RunEnd
    from meltano_pods.tasks.relay import Log

_CHECK_SECONDS = 2.0


def run_in_cluster(run_request: RunRequest, log: Log, cluster: Cluster, *, wait: bool) -> RunEnd:
    """Run a task to its end in a pod.

    A pod that succeeded is deleted; a failed one is kept for inspection.

    Args:
        run_request: What to run.
        log: For its log.
        cluster: Where to run it.
        wait: Whether to wait while another pod of the task is running, instead of failing.

    Raises:
        DeploymentError: The cluster does not answer, no image is set, or another pod of the task is
            running.
        ValuesMissingError: Airflow lacks a value of `airflow_env`.
        KeyboardInterrupt: The user interrupted it; the pod saves its state and ends.
    """
    values = run_request.read_airflow_values()
    this, body = _build_manifest(run_request, cluster)
    name, namespace = body["metadata"]["name"], body["metadata"]["namespace"]
    driver = ClusterDriver(lambda: CoreV1Api(cluster.client), namespace, log)
    image = _find_image(body)
    log.info("Cluster %s, namespace %s, image %s", cluster, namespace, image)
    waiting = _wait_for_same_task(_select_same_task(body), wait=wait, log=log)
    other = call_api(cluster, lambda: driver.drive(waiting))
    if other is not None:
        raise DeploymentError(
            f"the task is already running in pod {other}, and both would write the same state",
            f"namespace {namespace} of {cluster.name}",
            "Add `--wait` to wait for its end, or stop it in Airflow.",
        )
    timeout = run_request.task.settings.start_timeout.total_seconds()
    run = PodRun(Observation(name), namespace, this.ti_id, timeout, log)
    steps = launch_run(body, this, values, WaitPolicy(timeout, lambda: False, log))
    with _handle_sigterm():
        try:
            launched = call_api(cluster, lambda: driver.drive(steps))
            outcome = launched.failure or call_api(cluster, lambda: _follow(driver, run))
        except KeyboardInterrupt:
            log.warning("Interrupted: stopping pod %s, which saves its state", name)
            driver.drive(run.finish(None, stopped=True))
            raise
    end = call_api(cluster, lambda: driver.drive(run.finish(outcome)))
    report = end.build_report(f"{namespace}/{name}")
    report = replace(report, commands=tuple(cluster.aim(line) for line in report.commands))
    return build_run_end(run_request, end.outcome.result, report)


def _follow(driver: ClusterDriver, run: PodRun) -> PodOutcome:
    """Follow a pod to its end and return how it ended."""
    with driver.watching(run.observation):
        return driver.drive(run.follow())


def _build_manifest(
    run_request: RunRequest, cluster: Cluster
) -> tuple[naming.TaskInstanceTry, dict[str, Any]]:
    options = build_pod_options(
        run_request.task, run_request.deployment, run_request.folder.name, run_request.digest
    )
    run = naming.TaskInstanceTry(
        project=run_request.folder.name,
        dag_id=run_request.dag_id,
        task_id=run_request.task.task_id,
        run_id=f"cli__{datetime.now(UTC).isoformat()}",
        map_index=-1,
        try_number=1,
        ti_id=str(uuid.uuid4()),
        deployment=options.deployment,
    )
    spec = replace(run_request.spec, nonce=token_hex(4))
    body = PodRequest.read(options, spec, run).build()
    # The reaper deletes pods of runs that Airflow does not know, so the pod must not name its run.
    del body["metadata"]["annotations"][naming.RUN_ID]
    body["metadata"].setdefault("namespace", cluster.namespace or "default")
    return run, body


def _find_image(body: dict[str, Any]) -> str:
    """Return the image of the run's container.

    Raises:
        DeploymentError: No registry has it.
    """
    containers = body["spec"]["containers"]
    (image,) = (each.get("image") for each in containers if each["name"] == RUN_CONTAINER)
    if image and image != LOCAL_IMAGE:
        return str(image)
    local = f": `{image}` exists only on this machine" if image else ""
    raise DeploymentError(
        f"no image is set that a cluster can pull{local}",
        "the setting `image`",
        "Publish and pin one with `make push REGISTRY=ghcr.io/acme`, or set "
        "AIRFLOW__MELTANO_PODS__IMAGE=registry/name@sha256:...",
    )


def _select_same_task(body: Mapping[str, Any]) -> str:
    labels = body["metadata"]["labels"]
    same = [f"{key}={labels[key]}" for key in (naming.DAG, naming.TASK)]
    return ",".join([naming.SELECTOR, *same])


def _wait_for_same_task(selector: str, *, wait: bool, log: Log) -> Steps[str | None]:
    """Wait until no other pod of the task is running: both would write the same state.

    Args:
        selector: Selects the pods of the task.
        wait: Whether to wait; otherwise return the name of the running pod.
        log: Where to report that it waits.
    """
    logged: set[str] = set()
    while True:
        pods = yield from request(ListPods(selector))
        running = [each["metadata"]["name"] for each in pods if not has_ended(each)]
        if not running:
            return None
        if not wait:
            return str(running[0])
        if running[0] not in logged:
            logged.add(running[0])
            log.info("Waiting for the end of pod %s, which runs the same task", running[0])
        yield Pause(_CHECK_SECONDS)


@contextmanager
def _handle_sigterm() -> Iterator[None]:
    """Handle SIGTERM like Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
