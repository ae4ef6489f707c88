"""What has been seen of a run's pod and of its log.

It outlives the client that reads them, which is made again when credentials have expired.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from meltano_runner.contract import ResultError, RunResult, decode

from meltano_pods.pods.cluster.log_position import LogPosition
from meltano_pods.pods.diagnose.status import get_terminated_state, has_ended
from meltano_pods.tasks.relay import is_result

if TYPE_CHECKING:
    from collections.abc import Mapping


class Observation:
    """The pod as it was when last seen, the last line of its log, and the result in it."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.pod: dict[str, Any] | None = None
        """The pod as it was when last read: it may be gone the next time."""
        self.result: RunResult | None = None
        """The result as the log had it; it is there even where the pod no longer is."""
        self.last_line = ""
        """The last line of the log so far."""
        self.position = LogPosition()

    def saw(self, pod: Mapping[str, Any]) -> None:
        """Remember what the pod is like; how its container ended is never forgotten again."""
        if self.pod is None or get_terminated_state(pod) or not has_ended(self.pod):
            self.pod = dict(pod)

    def saw_line(self, line: str) -> None:
        """Remember a line of its log."""
        if line.strip():
            self.last_line = line
        if is_result(line):
            with suppress(ResultError):
                self.result = decode(line)
