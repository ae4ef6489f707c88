"""Starts a run: its pod, and the Secret that its pod waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from meltano_runner.contract.categories import Category

from meltano_pods.pods.diagnose.api_errors import ApiError, diagnose_api_error
from meltano_pods.pods.diagnose.diagnosis import PodDiagnosis
from meltano_pods.pods.diagnose.outcome import PodOutcome, fail_start
from meltano_pods.pods.diagnose.status import has_started
from meltano_pods.pods.lifecycle.launch import StillRunningError, launch
from meltano_pods.pods.lifecycle.run_secret import create_run_secret, fail_run_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.pods.lifecycle.create import WaitPolicy
    from meltano_pods.pods.spec.naming import TaskInstanceTry


class Launched(NamedTuple):
    """What became of a start.

    Attributes:
        pod: The pod, as the cluster has it; None if there is none.
        failure: Why the run cannot continue; None if it can.
    """

    pod: dict[str, Any] | None
    failure: PodOutcome | None = None


def launch_run(
    manifest: Mapping[str, Any],
    run: TaskInstanceTry,
    values: Mapping[str, str],
    policy: WaitPolicy,
) -> Steps[Launched]:
    """Create the pod of a try, or adopt one, and create its Secret.

    Args:
        manifest: The pod to create.
        run: Which try of which task instance it is for.
        values: The variables of its Secret.
        policy: How long to wait where the cluster cannot take them yet.
    """
    try:
        pod = yield from launch(manifest, run, policy)
    except ApiError as error:
        return Launched(None, fail_start(diagnose_api_error(error)))
    except StillRunningError as error:
        diagnosis = PodDiagnosis(Category.ALREADY_RUNNING, "Terminating", str(error))
        return Launched(None, fail_start(diagnosis))
    if not has_started(pod):
        try:
            yield from create_run_secret(pod, values, policy)
        except ApiError as error:
            return Launched(pod, fail_run_secret(error, manifest["metadata"]["namespace"]))
    return Launched(pod)
