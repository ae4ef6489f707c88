"""Names, labels and annotations of pods: every one is made here.

A pod's name follows from its task instance and try, so that whoever has to find, adopt or delete it
can say its name without having seen it. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NAME = 63
"""A pod's name becomes its host name, which may have no more."""

VENDOR = "meltano-pods"
MANAGED_BY = "app.kubernetes.io/managed-by"
PROJECT = f"{VENDOR}/project"
DEPLOYMENT = f"{VENDOR}/deployment"
TASK_INSTANCE = f"{VENDOR}/task-instance"
TRY = f"{VENDOR}/try"
SELECTOR = f"{MANAGED_BY}={VENDOR}"
"""Selects every pod of ours."""

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
"""Name of the Secret that was made for this pod alone; no annotation where it needs none."""

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
        cleared_tries: How many tries there were when somebody last cleared the task, who wants it
            to begin anew; 0 if nobody did.
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
    end = f"-{_digest(run)}-{run.try_number}"
    room = MAX_NAME - len(end) - 1
    project, task = slugify(run.project), slugify(run.task_id)
    # The task tells more than the project, which is also in a label.
    project = project[: max(room - len(task), room // 3)].rstrip("-")
    task = task[: room - len(project)].rstrip("-")
    return f"{project}-{task}{end}"


def build_run_secret_name(run: TaskInstanceTry, nonce: str) -> str:
    """Return the name of the Secret of one pod, which no other pod ever has.

    Args:
        run: Which try of which task instance the pod is for.
        nonce: Random; a try may have to create its pod a second time.
    """
    return f"{build_pod_name(run)}-{nonce}"


def build_labels(run: TaskInstanceTry) -> dict[str, str]:
    """Return the labels by which people and the launcher select pods."""
    found = {
        "app.kubernetes.io/name": "meltano-run",
        MANAGED_BY: VENDOR,
        PROJECT: to_label(run.project),
        DAG: to_label(run.dag_id),
        TASK: to_label(run.task_id),
        TASK_INSTANCE: _digest(run),
        TRY: str(run.try_number),
        # What Airflow's own operator labels pods with: platforms (Astro among them) and monitoring
        # know a task's pods by these. Not `airflow_version`: `airflow kubernetes cleanup-pods` then
        # deletes a pod that has ended, also before its result was read.
        "kubernetes_pod_operator": "True",
        "dag_id": to_label(run.dag_id),
        "task_id": to_label(run.task_id),
        "run_id": to_label(run.run_id),
        "try_number": str(run.try_number),
    }
    if run.map_index >= 0:
        found["map_index"] = str(run.map_index)
    if run.deployment:
        found[DEPLOYMENT] = to_label(run.deployment)
    return found


def build_annotations(run: TaskInstanceTry) -> dict[str, str]:
    """Return the whole, uncut identity, which labels have no room for."""
    return {
        DAG_ID: run.dag_id,
        TASK_ID: run.task_id,
        RUN_ID: run.run_id,
        MAP_INDEX: str(run.map_index),
        TI_ID: run.ti_id,
    }


def get_annotation(pod: Mapping[str, Any], key: str) -> str | None:
    """Return an annotation of a pod as the API gives it; None if it has none of this name."""
    value: str | None = (pod["metadata"].get("annotations") or {}).get(key)
    return value


def select_task_instance(run: TaskInstanceTry) -> str:
    """Return the selector of all tries of this task instance."""
    return f"{select_deployment(run.deployment)},{TASK_INSTANCE}={_digest(run)}"


def select_deployment(deployment: str) -> str:
    """Return the selector of all pods of one Airflow deployment; of none if it is empty."""
    own = f"{DEPLOYMENT}={to_label(deployment)}" if deployment else f"!{DEPLOYMENT}"
    return f"{SELECTOR},{own}"


def build_secret_name(project: str) -> str:
    """Return the name of a project's own Secret, as charts/meltano-pods has it."""
    return f"meltano-{re.sub(r'[^a-z0-9-]', '-', project.lower())}-env"


def slugify(text: str) -> str:
    """Return `text` in lower-case letters, digits and single dashes; never empty."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def to_label(text: str) -> str:
    """Return `text` as the value of a label; what had to be changed or cut ends with a digest."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:MAX_NAME].strip("-_.")
    if safe == text:
        return safe
    digest = _hash(text)
    return f"{safe[: MAX_NAME - len(digest) - 1].rstrip('-_.')}-{digest}".lstrip("-")


def _digest(run: TaskInstanceTry) -> str:
    identity = (run.deployment, run.dag_id, run.task_id, run.run_id, str(run.map_index))
    # Lengths go in, so that no two identities read the same.
    return _hash("".join(f"{len(part)}:{part}" for part in identity))


def _hash(text: str) -> str:
    """Return 50 bits of a digest, in characters that fit any name."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return "".join(_BASE32[(number >> (5 * place)) & 31] for place in range(_DIGEST))
