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

from meltano_pods.cli.airflow_values import airflow_values
from meltano_pods.cli.kubernetes import asking
from meltano_pods.cli.pinned_image import BUILT_HERE
from meltano_pods.cli.report import end_run
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

    from meltano_pods.cli.asked import Asked
    from meltano_pods.cli.kubernetes import Reached
    from meltano_pods.pods.diagnose.outcome import PodOutcome
    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.results.task_report import RunEnd
    from meltano_pods.tasks.relay import Log

_CHECK_SECONDS = 2.0


def run_in_cluster(asked: Asked, log: Log, cluster: Reached, *, wait: bool) -> RunEnd:
    """Run a task to its end in a pod.

    A pod that succeeded is deleted, one that failed is kept for a look at it.

    Args:
        asked: What to run.
        log: For its log.
        cluster: Where to run it.
        wait: Whether to wait for a pod of the same task that is at work, or to refuse.

    Raises:
        DeploymentError: The cluster falls silent, no image is known, or a pod of the same task is
            at work.
        ValuesMissingError: Airflow lacks a value for it.
        KeyboardInterrupt: Somebody stopped it; the pod saves its state and ends.
    """
    values = airflow_values(asked)
    this, body = _build_manifest(asked, cluster)
    name, namespace = body["metadata"]["name"], body["metadata"]["namespace"]
    driver = ClusterDriver(lambda: CoreV1Api(cluster.client), namespace, log)
    image = _find_image(body)
    log.info("Cluster %s, namespace %s, image %s", cluster, namespace, image)
    turn = _await_turn(_select_same_task(body), wait=wait, log=log)
    at_work = asking(cluster, lambda: driver.drive(turn))
    if at_work is not None:
        raise DeploymentError(
            f"the task runs already, in pod {at_work}; both would write one state",
            f"namespace {namespace} of {cluster.name}",
            "Wait for its end (`--wait` does), or stop it in Airflow.",
        )
    timeout = asked.task.settings.start_timeout.total_seconds()
    run = PodRun(Observation(name), namespace, this.ti_id, timeout, log)
    steps = launch_run(body, this, values, WaitPolicy(timeout, lambda: False, log))
    with _interruptible():
        try:
            launched = asking(cluster, lambda: driver.drive(steps))
            outcome = launched.failure or asking(cluster, lambda: _follow(driver, run))
        except KeyboardInterrupt:
            log.warning("Interrupted: pod %s stops, and saves its state", name)
            driver.drive(run.finish(None, stopped=True))
            raise
    end = asking(cluster, lambda: driver.drive(run.finish(outcome)))
    report = end.build_report(f"{namespace}/{name}")
    report = replace(report, commands=tuple(cluster.aim(line) for line in report.commands))
    return end_run(asked, end.outcome.result, report)


def _follow(driver: ClusterDriver, run: PodRun) -> PodOutcome:
    """Follow a pod to its end and return how it ended."""
    with driver.watching(run.observation):
        return driver.drive(run.follow())


def _build_manifest(
    asked: Asked, cluster: Reached
) -> tuple[naming.TaskInstanceTry, dict[str, Any]]:
    options = build_pod_options(asked.task, asked.deployment, asked.folder.name, asked.digest)
    run = naming.TaskInstanceTry(
        project=asked.folder.name,
        dag_id=asked.dag_id,
        task_id=asked.task.task_id,
        run_id=f"cli__{datetime.now(UTC).isoformat()}",
        map_index=-1,
        try_number=1,
        ti_id=str(uuid.uuid4()),
        deployment=options.deployment,
    )
    spec = replace(asked.spec, nonce=token_hex(4))
    body = PodRequest.read(options, spec, run).build()
    # Airflow knows of no such run: the reaper would take it for one whose task is over.
    del body["metadata"]["annotations"][naming.RUN_ID]
    body["metadata"].setdefault("namespace", cluster.namespace or "default")
    return run, body


def _find_image(body: dict[str, Any]) -> str:
    """Return the image of the run's container.

    Raises:
        DeploymentError: It is in no registry.
    """
    containers = body["spec"]["containers"]
    (image,) = (each.get("image") for each in containers if each["name"] == RUN_CONTAINER)
    if image and image != BUILT_HERE:
        return str(image)
    alone = f": `{image}` is on this machine alone" if image else ""
    raise DeploymentError(
        f"no image is set that a cluster could pull{alone}",
        "the setting `image`",
        "Publish and pin one with `make push REGISTRY=ghcr.io/acme`, or set "
        "AIRFLOW__MELTANO_PODS__IMAGE=registry/name@sha256:...",
    )


def _select_same_task(body: Mapping[str, Any]) -> str:
    labels = body["metadata"]["labels"]
    same = [f"{key}={labels[key]}" for key in (naming.DAG, naming.TASK)]
    return ",".join([naming.SELECTOR, *same])


def _await_turn(selector: str, *, wait: bool, log: Log) -> Steps[str | None]:
    """Return once no pod of the same task is at work: both would write one state.

    Args:
        selector: Selects the pods of the task.
        wait: Whether to wait for one; else its name is returned.
        log: For what is waited for.
    """
    logged: set[str] = set()
    while True:
        pods = yield from request(ListPods(selector))
        at_work = [each["metadata"]["name"] for each in pods if not has_ended(each)]
        if not at_work:
            return None
        if not wait:
            return str(at_work[0])
        if at_work[0] not in logged:
            logged.add(at_work[0])
            log.info("Waiting for pod %s, which runs the same task, to end", at_work[0])
        yield Pause(_CHECK_SECONDS)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
