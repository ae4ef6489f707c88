"""The pod of one run, from its creation until the task has finished with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.run_record import PodReport

from meltano_pods.pods.diagnose.api_errors import ApiError, diagnose_api_error
from meltano_pods.pods.diagnose.outcome import (
    NO_POD,
    fail_start,
    judge_missing_pod,
    judge_outcome,
    mark_stopped,
)
from meltano_pods.pods.diagnose.status import has_ended, has_started, is_overdue
from meltano_pods.pods.lifecycle.actions import ListEvents, ReadClock, ReadPod, request
from meltano_pods.pods.lifecycle.containers import relay_tail, stop_sidecars
from meltano_pods.pods.lifecycle.deferral import decide_resumption
from meltano_pods.pods.lifecycle.follow import await_end, await_last_state, follow_log, relay_rest
from meltano_pods.pods.lifecycle.kubectl_hints import format_pod_commands
from meltano_pods.pods.lifecycle.observation import PodMissingError
from meltano_pods.pods.lifecycle.ownership import release
from meltano_pods.pods.lifecycle.start import NotStartedError, await_start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.pods.diagnose.outcome import PodOutcome
    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.pods.lifecycle.deferral import WaitResult
    from meltano_pods.pods.lifecycle.observation import Observation
    from meltano_pods.tasks.relay import Log

_CHECK_SECONDS = 0.5
_IDLE_GRACE = 5
_SIDECAR_GRACE = 15
"""For a proxy to close its connections, or a log shipper to send what it has."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run whose pod needs no further work.

    Attributes:
        outcome: How it ended.
        kept: Whether its pod is still there for inspection.
        hints: Commands that show the pod, if it did not succeed.
    """

    outcome: PodOutcome
    kept: bool = False
    hints: tuple[str, ...] = ()

    def build_report(self, name: str | None) -> PodReport:
        """Return what Kubernetes reports, for the record of the run.

        Args:
            name: The pod as `namespace/name`; None if it was not created.
        """
        diagnosis = self.outcome.diagnosis
        return PodReport(name, None if diagnosis is None else str(diagnosis), self.hints)


@dataclass(frozen=True, slots=True)
class PodRun:
    """A pod that was created or adopted.

    Attributes:
        observation: What is known of it.
        namespace: Its namespace.
        ti_id: The try it belongs to (naming.TaskInstanceTry).
        start_timeout: Seconds until its container must run.
        log: The task's log.
    """

    observation: Observation
    namespace: str
    ti_id: str
    start_timeout: float
    log: Log

    def follow(self) -> Steps[PodOutcome]:
        """Follow the run to its end, relay its log, and return how it ended.

        Raises:
            ApiError: The API did not answer for too long, or rejects us.
        """
        try:
            yield from await_start(self.observation, timeout=self.start_timeout, log=self.log)
            if self.observation.has_ended:
                yield from relay_rest(self.observation, self.log)
            else:
                yield from follow_log(self.observation, self.log)
            yield from await_end(self.observation, self.log, _CHECK_SECONDS)
        except NotStartedError as error:
            return fail_start(error.diagnosis)
        except PodMissingError:
            yield from await_last_state(self.observation)
        except ApiError as error:
            # The log of a pod that was deleted meanwhile.
            if not error.is_missing:
                raise
            yield from await_last_state(self.observation)
        self._warn_of_missing_lines()
        return (yield from self.judge())

    def resume(self, wait: WaitResult, resumptions: int) -> Steps[PodOutcome | None]:
        """Return how the run ended, after a wait without a worker; None to wait on.

        Args:
            wait: How the wait went. If it differs, the pod's own state counts.
            resumptions: How often it was waited on already.

        Raises:
            ApiError: The API does not answer.
        """
        try:
            pod = yield from self.observation.refresh(self.log)
        except PodMissingError:
            return (yield from self.judge())
        if not has_ended(pod) and not is_overdue(pod, (yield ReadClock())):
            events = yield from request(ListEvents(self.observation.name))
            given_up = decide_resumption(wait, resumptions, pod, events)
            return None if given_up is None else fail_start(given_up)
        yield from relay_rest(self.observation, self.log)
        self._warn_of_missing_lines()
        return (yield from self.judge())

    def judge(self) -> Steps[PodOutcome]:
        """Return how the run ended.

        Raises:
            ApiError: The API does not answer.
        """
        seen = self.observation
        pod = yield from self._read_state()
        if pod is not None and has_ended(pod):
            return judge_outcome(pod, seen.result, seen.last_line)
        events = yield from request(ListEvents(seen.name))
        return judge_missing_pod(seen.pod, events, seen.result)

    def finish(
        self, outcome: PodOutcome | None, *, stopped: bool = False, leave: bool = False
    ) -> Steps[Finished]:
        """Delete the pod or keep it, and return how to inspect it.

        Args:
            outcome: How the run ended; None to judge it by the pod.
            stopped: Whether the task was killed, which is never a success.
            leave: Whether a pod that has not ended is left to the next try, which adopts it.
        """
        pod: Mapping[str, Any] | None = None
        try:
            pod = yield from self._read_state()
            outcome = outcome or (yield from self.judge())
        except ApiError as error:
            outcome = outcome or fail_start(diagnose_api_error(error))
        if stopped:
            outcome = mark_stopped(outcome)
        found = outcome.diagnosis
        if pod is not None and found is not None and found.container is not None:
            yield from relay_tail(self.observation.name, found.container, self.log)
        if pod is not None and decide_removal(outcome, pod, leave=leave):
            yield from self.delete(pod)
        elif pod is not None and has_ended(pod):
            yield from stop_sidecars(pod, self.log)
        if outcome.succeeded:
            return Finished(outcome)
        kept = pod is not None and has_ended(pod)
        events = yield from request(ListEvents(self.observation.name))
        for event in events:
            if event.get("type") == "Warning":
                self.log.warning("Pod event %s: %s", event.get("reason"), event.get("message"))
        container = None if found is None else found.container
        hints = format_pod_commands(
            self.namespace, self.observation.name, kept=kept, container=container
        )
        return Finished(outcome, kept, tuple(hints))

    def delete(self, pod: Mapping[str, Any]) -> Steps[None]:
        """Delete the pod, unless a later try has adopted it. If that fails, the reaper does it.

        Args:
            pod: As last seen.
        """
        name = self.observation.name
        grace = decide_grace(pod)
        try:
            yield from release(name, self.ti_id, grace)
        except ApiError as error:
            self.log.warning(
                "Could not delete pod %s; the reaper will: %s", name, diagnose_api_error(error)
            )

    def _warn_of_missing_lines(self) -> None:
        if missing := self.observation.missing_lines:
            total = missing + self.observation.position.taken
            self.log.warning(
                "%s of the %s lines of the log are missing: its node keeps only the last part "
                "(10 MiB by default). Follow the log with `deferrable: false`, or collect the "
                "logs of pods in the cluster and link them with `pod_log_url`",
                f"{missing:,}",
                f"{total:,}",
            )

    def _read_state(self) -> Steps[Mapping[str, Any] | None]:
        """Return the pod, which is not read again once it has ended; None if it is gone."""
        if self.observation.has_ended:
            return self.observation.pod
        pod: Mapping[str, Any] | None = yield from request(ReadPod(self.observation.name))
        return pod


def decide_removal(outcome: PodOutcome, pod: Mapping[str, Any], *, leave: bool = False) -> bool:
    """Whether to delete a pod once its task is over.

    A pod that failed is kept for inspection. One that has not ended must not continue once no task
    waits for it.

    Args:
        outcome: How the run ended.
        pod: The pod.
        leave: Whether it is left to the next try, which adopts it.
    """
    return outcome.succeeded if has_ended(pod) else not leave


def decide_grace(pod: Mapping[str, Any]) -> int | None:
    """Return the seconds that a pod gets to end; None for its own grace period.

    A run that has begun needs it to save its state. Sidecars do not.
    """
    if has_ended(pod):
        return _SIDECAR_GRACE
    return None if has_started(pod) else _IDLE_GRACE


def finish_without_pod(outcome: PodOutcome | None, *, stopped: bool) -> Finished:
    """Return the end of a run without a pod."""
    outcome = outcome or NO_POD
    return Finished(mark_stopped(outcome) if stopped else outcome)
