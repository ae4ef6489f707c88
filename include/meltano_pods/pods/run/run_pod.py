"""The pod of one run, from its start to its end, as a worker follows it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from meltano_pods.pods.diagnose.api_errors import diagnose_api_error
from meltano_pods.pods.diagnose.outcome import judge_missing_pod, judge_outcome
from meltano_pods.pods.diagnose.status import has_ended, has_started, is_overdue
from meltano_pods.pods.run.kubectl_hints import format_pod_commands
from meltano_pods.pods.run.ownership import release
from meltano_pods.pods.run.wait import wait_for_start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernetes.client import V1Pod

    from meltano_pods.pods.cluster.api import Pods
    from meltano_pods.pods.cluster.logs import Follower
    from meltano_pods.pods.diagnose.outcome import PodOutcome
    from meltano_pods.tasks.relay import Log

_CHECK_SECONDS = 0.5
_IDLE_GRACE = 5
_WORDS_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class RunPod:
    """A pod that was created or adopted.

    Attributes:
        pods: The pods of its namespace.
        name: Its name.
        ti_id: Which try of the task it belongs to.
        follower: Returns what reads it and its log; asked each time, because the provider makes a
            new one when credentials have expired.
        log: The task's log.
    """

    pods: Pods
    name: str
    ti_id: str
    follower: Callable[[], Follower]
    log: Log

    def read(self, model: V1Pod) -> Mapping[str, Any]:
        """Read the pod.

        Raises:
            ApiException: It is gone, or the API does not answer.
        """
        follower = self.follower()
        follower.read_pod(model)
        return follower.seen.pod or {}

    def await_start(self, model: V1Pod, timeout: float) -> None:
        """Return once the container runs.

        Raises:
            NotStartedError: It does not.
        """
        wait_for_start(
            lambda: self.read(model),
            lambda: self.pods.events(self.name),
            timeout=timeout,
            log=self.log,
        )

    def relay_log(self, model: V1Pod, since: object = None) -> None:
        """Relay the log of a run that has ended, as far as there is one.

        A container that never ran has none, and a node that is gone gives none: how the pod ended
        matters more.

        Args:
            model: The pod.
            since: The time up to which it was relayed before; None for all of it.
        """
        try:
            self.follower().relay_log(model, since)
        except (ApiException, HTTPError) as error:
            self.log.warning(
                "Could not read the log of pod %s: %s", self.name, diagnose_api_error(error)
            )

    def await_end(self, model: V1Pod) -> None:
        """Return once the container has ended, or should long have."""
        pod: Mapping[str, Any] = self.follower().seen.pod or {}
        while not has_ended(pod) and not is_overdue(pod):
            pod = self.read(model)
            time.sleep(0 if has_ended(pod) else _CHECK_SECONDS)

    def await_last_words(self) -> None:
        """Give what is observed a moment: the pod is gone, word of its end may be on its way."""
        until = time.monotonic() + _WORDS_SECONDS
        while not has_ended(self.follower().seen.pod or {}) and time.monotonic() < until:
            time.sleep(_WORDS_SECONDS / 20)

    def state(self) -> Mapping[str, Any] | None:
        """Return the pod; None if it is gone. What was once seen to have ended stays so."""
        seen = self.follower().seen.pod
        return seen if seen is not None and has_ended(seen) else self.pods.get(self.name)

    def ending(self, pod: Mapping[str, Any] | None) -> PodOutcome:
        """Return how the run ended, of which `pod` is what is left."""
        seen = self.follower().seen
        if pod is not None and has_ended(pod):
            return judge_outcome(pod, seen.result, seen.last_line)
        return judge_missing_pod(seen.pod, self.pods.events(self.name), seen.result)

    def delete(self, pod: Mapping[str, Any]) -> None:
        """Delete the pod, unless a later try has taken it over.

        What fails here is left to the reaper.

        Args:
            pod: As last seen: a run that has begun gets its grace, to save its state.
        """
        try:
            grace = None if has_started(pod) else _IDLE_GRACE
            release(self.pods, self.name, self.ti_id, grace)
        except (ApiException, HTTPError) as error:
            self.log.warning(
                "Could not delete pod %s; the reaper will: %s", self.name, diagnose_api_error(error)
            )

    def explain(self, *, kept: bool) -> list[str]:
        """Log what Kubernetes warned of, and return the lines by which to look at the pod."""
        for event in self.pods.events(self.name):
            if event.get("type") == "Warning":
                self.log.warning("Pod event %s: %s", event.get("reason"), event.get("message"))
        return format_pod_commands(self.pods.namespace, self.name, kept=kept)
