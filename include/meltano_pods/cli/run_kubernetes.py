"""`meltano-pods run --kubernetes`: runs a task as the pod that Airflow would start."""

from __future__ import annotations

import shlex
import signal
import time
import uuid
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from kubernetes.client import CoreV1Api, V1ObjectMeta, V1Pod
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from meltano_pods.cli.airflow_values import airflow_values
from meltano_pods.cli.kubernetes import asking
from meltano_pods.cli.pinned_image import BUILT_HERE
from meltano_pods.diagnosis import Failure, failure_of
from meltano_pods.errors import DeploymentError
from meltano_pods.pods.cluster.api import NOT_FOUND, Pods
from meltano_pods.pods.cluster.logs import Follower
from meltano_pods.pods.cluster.observation import Observation
from meltano_pods.pods.diagnose.api_errors import diagnose_api_error
from meltano_pods.pods.diagnose.outcome import fail_start
from meltano_pods.pods.diagnose.status import has_ended
from meltano_pods.pods.run.run_pod import RunPod
from meltano_pods.pods.run.run_secret import create_run_secret, without_secret
from meltano_pods.pods.run.wait import NotStartedError
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.build import build_pod
from meltano_pods.pods.spec.options import build_pod_options
from meltano_pods.pods.spec.template import read_template
from meltano_pods.project.meltano_command import meltano_command
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    from meltano_runner.contract import RunResult

    from meltano_pods.cli.asked import Asked
    from meltano_pods.cli.kubernetes import Reached
    from meltano_pods.pods.diagnose.outcome import PodOutcome
    from meltano_pods.tasks.relay import Log

_CHECK_SECONDS = 2.0


def run_in_cluster(asked: Asked, log: Log, cluster: Reached, *, wait: bool) -> RunResult:
    """Run a task to its end in a pod and return the result of a success.

    A pod that succeeded is deleted, one that failed is kept for a look at it.

    Args:
        asked: What to run.
        log: For its log.
        cluster: Where to run it.
        wait: Whether to wait for a pod of the same task that is at work, or to refuse.

    Raises:
        DeploymentError: The cluster falls silent, no image is known, or a pod of the same task is
            at work.
        RunFailedError: It failed.
        KeyboardInterrupt: Somebody stopped it; the pod saves its state and ends.
    """
    values = airflow_values(asked)
    api = CoreV1Api(cluster.client)
    body = _manifest(asked, cluster)
    pods = Pods(lambda: api, body["metadata"]["namespace"])
    image = _image(body)
    log.info("Cluster %s, namespace %s, image %s", cluster, pods.namespace, image)
    _await_turn(pods, body, cluster, log, wait=wait)
    follower = Follower(api, log, Observation())
    name = body["metadata"]["name"]
    run_pod = RunPod(
        pods, name, naming.get_annotation(body, naming.TI_ID) or "", lambda: follower, log
    )
    with _interruptible():
        try:
            ending = asking(cluster, lambda: _follow(run_pod, body, values, asked, log))
        except KeyboardInterrupt:
            log.warning("Interrupted: pod %s stops, and saves its state", name)
            if (pod := run_pod.state()) is not None:
                run_pod.delete(pod)
            raise
    pod = asking(cluster, run_pod.state)
    if ending.succeeded and pod is not None:
        run_pod.delete(pod)
        return ending.result
    kept = pod is not None and has_ended(pod)
    if pod is not None and not kept:
        run_pod.delete(pod)
    failure = Failure(
        ending.result,
        kubernetes=None if ending.diagnosis is None else str(ending.diagnosis),
        pod=f"{pods.namespace}/{name}",
        look=tuple(cluster.aim(line) for line in run_pod.explain(kept=kept)),
    )
    typed = shlex.join(["meltano-runner", *asked.spec.arguments])
    where = f"{asked.folder.name}: {typed}; pod {pods.namespace}/{name}"
    raise failure_of(failure, where, partial(meltano_command, asked.folder))


def _manifest(asked: Asked, cluster: Reached) -> dict[str, Any]:
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
    body = build_pod(read_template(options.template), options, spec, run)
    # Airflow knows of no such run: the reaper would take it for one whose task is over.
    del body["metadata"]["annotations"][naming.RUN_ID]
    body["metadata"].setdefault("namespace", cluster.namespace or "default")
    return body


def _image(body: dict[str, Any]) -> str:
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


def _await_turn(
    pods: Pods, body: dict[str, Any], cluster: Reached, log: Log, *, wait: bool
) -> None:
    """Return once no pod of the same task is at work: both would write one state."""
    labels = body["metadata"]["labels"]
    same = [f"{key}={labels[key]}" for key in (naming.DAG, naming.TASK)]
    selector = ",".join([naming.SELECTOR, *same])
    said: set[str] = set()
    while True:
        found = asking(cluster, lambda: pods.select(selector))
        at_work = [each["metadata"]["name"] for each in found if not has_ended(each)]
        if not at_work:
            return
        if not wait:
            raise DeploymentError(
                f"the task runs already, in pod {at_work[0]}; both would write one state",
                f"namespace {pods.namespace} of {cluster.name}",
                "Wait for its end (`--wait` does), or stop it in Airflow.",
            )
        if at_work[0] not in said:
            said.add(at_work[0])
            log.info("Waiting for pod %s, which runs the same task, to end", at_work[0])
        time.sleep(_CHECK_SECONDS)


def _follow(
    run_pod: RunPod, body: dict[str, Any], values: Mapping[str, str], asked: Asked, log: Log
) -> PodOutcome:
    pods, name = run_pod.pods, run_pod.name
    try:
        created = pods.create(body)
    except (ApiException, HTTPError) as error:
        return fail_start(diagnose_api_error(error))
    try:
        create_run_secret(pods, created, values)
    except (ApiException, HTTPError) as error:
        return without_secret(error, pods.namespace)
    log.info("Created pod %s in namespace %s", name, pods.namespace)
    model = V1Pod(metadata=V1ObjectMeta(name=name, namespace=pods.namespace))
    try:
        run_pod.await_start(model, asked.task.settings.start_timeout.total_seconds())
        follower = run_pod.follower()
        if has_ended(follower.seen.pod or {}):
            run_pod.relay_log(model)
        else:
            follower.follow_log(model)
        run_pod.await_end(model)
    except NotStartedError as error:
        return fail_start(error.diagnosis)
    except ApiException as error:
        if error.status != NOT_FOUND:
            raise
    return run_pod.ending(run_pod.state())


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
