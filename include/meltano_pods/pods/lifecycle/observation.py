"""What is known about one pod and its log."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.message import decode_log_lines, decode_result
from meltano_runner.contract.result import ResultError, RunResult

from meltano_pods.pods.diagnose.status import get_terminated_state, has_ended
from meltano_pods.pods.lifecycle.actions import ReadPod, request
from meltano_pods.pods.lifecycle.log_position import LogPosition
from meltano_pods.tasks.relay import is_result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano_pods.pods.lifecycle.actions import Steps
    from meltano_pods.tasks.relay import Log


class PodMissingError(Exception):
    """The pod no longer exists. The text is its name."""


class Observation:
    """A pod as it was when last seen, the last line of its log, and the result in it.

    Steps and drivers share it: a watch may see what a later request would miss.

    Args:
        name: Name of the pod.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.pod: dict[str, Any] | None = None
        """The pod as last read; it may be gone at the next request."""
        self.result: RunResult | None = None
        """The result from the log, which remains if the pod is gone."""
        self.last_line = ""
        """The last line of the log so far."""
        self.missing_lines = 0
        """How many lines of the complete log were not relayed; known only with the result."""
        self.position = LogPosition()

    @property
    def has_ended(self) -> bool:
        """Whether the run was ever seen to have ended."""
        return self.pod is not None and has_ended(self.pod)

    def see(self, pod: Mapping[str, Any]) -> None:
        """Remember the pod's state; the end of its container is never overwritten."""
        if self.pod is None or get_terminated_state(pod) or not has_ended(self.pod):
            self.pod = dict(pod)

    def take_line(self, raw: bytes) -> str | None:
        """Remember a line of the log; return its text, or None if it was relayed before."""
        line = self.position.take(raw)
        if line is None:
            return None
        if line.strip():
            self.last_line = line
        if is_result(line):
            with suppress(ResultError):
                self.result = decode_result(line)
            if (written := decode_log_lines(line)) is not None:
                self.missing_lines = max(0, written + 1 - self.position.taken)
        return line

    def refresh(self, log: Log) -> Steps[dict[str, Any]]:
        """Read the pod, waiting during an outage of the API, and return it.

        Raises:
            PodMissingError: It is gone.
            ApiError: The API did not answer for too long.
        """
        pod = yield from request(ReadPod(self.name), outage_log=log)
        if pod is None:
            raise PodMissingError(self.name)
        self.see(pod)
        return self.pod or {}
