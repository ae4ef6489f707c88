"""The Secret of one pod: the values from Airflow's connections and variables for its run.

It is created right after the pod, which owns it, so that Kubernetes deletes it with the pod however
that ends. Airflow needs the permission to create Secrets, and none to read them.
https://kubernetes.io/docs/concepts/architecture/garbage-collection/#owners-dependents
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, RunResult

from meltano_pods.pods.diagnose.api_errors import CONFLICT, ApiError, diagnose_api_error
from meltano_pods.pods.diagnose.outcome import PodOutcome
from meltano_pods.pods.lifecycle.actions import CreateSecret
from meltano_pods.pods.lifecycle.create import create
from meltano_pods.pods.spec import naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.pods.lifecycle.create import WaitPolicy


def create_run_secret(
    pod: Mapping[str, Any], values: Mapping[str, str], policy: WaitPolicy
) -> Steps[None]:
    """Create the Secret that a pod waits for, if it needs one.

    Args:
        pod: As the cluster has it.
        values: The variables of the run.
        policy: How long to wait where the cluster cannot take it yet.

    Raises:
        ApiError: Rejected, or no answer.
    """
    if naming.get_annotation(pod, naming.SECRET) is None:
        return
    try:
        action = CreateSecret(build_run_secret(pod, values))
        yield from create(action, policy)
    except ApiError as error:
        # An earlier try has created it, or the answer was lost: no other pod has this name for it.
        if error.status != CONFLICT:
            raise


def build_run_secret(pod: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Return the manifest of a pod's own Secret.

    Args:
        pod: As the cluster has it.
        values: The variables of the run.
    """
    metadata = pod["metadata"]
    owner = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": naming.get_annotation(pod, naming.SECRET),
            "namespace": metadata["namespace"],
            "labels": metadata["labels"],
            # It does not block the deletion of the pod, which would need more permissions.
            "ownerReferences": [owner],
        },
        "type": "Opaque",
        "immutable": True,
        "stringData": dict(values),
    }


def fail_run_secret(error: ApiError, namespace: str) -> PodOutcome:
    """Return the outcome of a run whose pod could not get its Secret.

    Args:
        error: What the cluster answered.
        namespace: Of the pod.
    """
    diagnosis = diagnose_api_error(error)
    text = "the Secret of the pod, for the setting `airflow_env`, could not be created"
    if diagnosis.category is Category.FORBIDDEN:
        text = (
            f"Airflow may not create Secrets in the namespace `{namespace}`, which `airflow_env` "
            "needs: grant `create` on `secrets`, as charts/meltano-pods does for the service "
            "accounts in its value `rbac.launchers`"
        )
    return PodOutcome(RunResult(Outcome.FAILED, -1, diagnosis.category, error=text), diagnosis)
