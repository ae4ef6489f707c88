"""Builds the names, labels and annotations of pods.

A pod's name follows from its task instance and try, so that it can be found, adopted or deleted
without a list of pods. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NAME = 63
"""A pod's name becomes its host name, which may not be longer."""

VENDOR = "meltano-pods"
MANAGED_BY = "app.kubernetes.io/managed-by"
PROJECT = f"{VENDOR}/project"
DEPLOYMENT = f"{VENDOR}/deployment"
TASK_INSTANCE = f"{VENDOR}/task-instance"
TRY = f"{VENDOR}/try"
QUEUE = "kueue.x-k8s.io/queue-name"
"""The label by which Kueue takes a pod into a queue.
https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods/"""
SELECTOR = f"{MANAGED_BY}={VENDOR}"
"""Selects all pods of Meltano Pods."""

DAG = f"{VENDOR}/dag"
TASK = f"{VENDOR}/task"
DAG_ID = f"{VENDOR}/dag-id"
TASK_ID = f"{VENDOR}/task-id"
RUN_ID = f"{VENDOR}/run-id"
MAP_INDEX = f"{VENDOR}/map-index"
TI_ID = f"{VENDOR}/task-instance-id"
SPEC = f"{VENDOR}/spec"
KEEP_SECONDS = f"{VENDOR}/keep-seconds"
SECRET = f"{VENDOR}/secret"
"""Name of the Secret that exists only for this pod; not set if it needs none."""

_DIGEST = 10
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True)
class TaskInstanceTry:
    """One try of one Airflow task instance.

    Attributes:
        project: Name of the Meltano project.
        dag_id: As Airflow has it, like all below.
        task_id: The task.
        run_id: The DAG run.
        map_index: Index of a mapped task; -1 for others.
        try_number: Counted from 1.
        ti_id: Airflow's own identity of this try (a UUID), which no other try, task or
            deployment shares.
        deployment: Id of the Airflow deployment; empty for a run that no Airflow started.
        cleared_tries: The number of tries when the task was last cleared to run again; 0 if it
            was not cleared.
    """

    project: str
    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    try_number: int
    ti_id: str
    deployment: str = ""
    cleared_tries: int = 0


def build_pod_name(run: TaskInstanceTry) -> str:
    """Return the name: project, task and try for people, a digest for uniqueness."""
    end = f"-{_hash_identity(run)}-{run.try_number}"
    room = MAX_NAME - len(end) - 1
    project, task = slugify(run.project), slugify(run.task_id)
    # The task is more specific than the project, which is also in a label.
    project = project[: max(room - len(task), room // 3)].rstrip("-")
    task = task[: room - len(project)].rstrip("-")
    return f"{project}-{task}{end}"


def build_run_secret_name(run: TaskInstanceTry, nonce: str) -> str:
    """Return the name of the Secret of one pod, which is unique to it.

    Args:
        run: Which try of which task instance the pod is for.
        nonce: Random; a try may have to create its pod a second time.
    """
    return f"{build_pod_name(run)}-{nonce}"


def build_labels(run: TaskInstanceTry) -> dict[str, str]:
    """Return the labels by which people and the launcher select pods."""
    labels = {
        "app.kubernetes.io/name": "meltano-run",
        MANAGED_BY: VENDOR,
        PROJECT: to_label(run.project),
        DAG: to_label(run.dag_id),
        TASK: to_label(run.task_id),
        TASK_INSTANCE: _hash_identity(run),
        TRY: str(run.try_number),
        # The labels of Airflow's own operator, by which platforms such as Astro and monitoring
        # recognize a task's pods. Not `airflow_version`: `airflow kubernetes cleanup-pods` would
        # delete a pod that has ended before its result was read.
        "kubernetes_pod_operator": "True",
        "dag_id": to_label(run.dag_id),
        "task_id": to_label(run.task_id),
        "run_id": to_label(run.run_id),
        "try_number": str(run.try_number),
    }
    if run.map_index >= 0:
        labels["map_index"] = str(run.map_index)
    if run.deployment:
        labels[DEPLOYMENT] = to_label(run.deployment)
    return labels


def build_annotations(run: TaskInstanceTry) -> dict[str, str]:
    """Return the complete identity, for which labels are too short."""
    return {
        DAG_ID: run.dag_id,
        TASK_ID: run.task_id,
        RUN_ID: run.run_id,
        MAP_INDEX: str(run.map_index),
        TI_ID: run.ti_id,
    }


def get_annotation(pod: Mapping[str, Any], key: str) -> str | None:
    """Return an annotation of a pod; None if it is not set."""
    value: str | None = (pod["metadata"].get("annotations") or {}).get(key)
    return value


def select_task_instance(run: TaskInstanceTry) -> str:
    """Return the selector of all tries of this task instance."""
    return f"{select_deployment(run.deployment)},{TASK_INSTANCE}={_hash_identity(run)}"


def select_deployment(deployment: str) -> str:
    """Return the selector of all pods of one Airflow deployment; of none if it is empty."""
    label = f"{DEPLOYMENT}={to_label(deployment)}" if deployment else f"!{DEPLOYMENT}"
    return f"{SELECTOR},{label}"


def build_secret_name(project: str) -> str:
    """Return the name of a project's own Secret, as charts/meltano-pods has it."""
    return f"meltano-{re.sub(r'[^a-z0-9-]', '-', project.lower())}-env"


def slugify(text: str) -> str:
    """Return `text` in lower-case letters, digits and single dashes; never empty."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def to_label(text: str) -> str:
    """Return `text` as the value of a label; if it was changed or cut, it ends with a digest."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:MAX_NAME].strip("-_.")
    if safe == text:
        return safe
    digest = _hash(text)
    return f"{safe[: MAX_NAME - len(digest) - 1].rstrip('-_.')}-{digest}".lstrip("-")


def _hash_identity(run: TaskInstanceTry) -> str:
    identity = (run.deployment, run.dag_id, run.task_id, run.run_id, str(run.map_index))
    # With lengths, so that no two identities give the same text.
    return _hash("".join(f"{len(part)}:{part}" for part in identity))


def _hash(text: str) -> str:
    """Return 50 bits of a digest, in characters that fit any name."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return "".join(_BASE32[(number >> (5 * place)) & 31] for place in range(_DIGEST))
