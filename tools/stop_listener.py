"""Ends `dag.test()` in order when `make run` is stopped."""

from __future__ import annotations

import os
import signal

import pluggy

STOP_SIGNAL = signal.SIGUSR1
"""Airflow handles SIGTERM itself, in each task, and Python SIGINT; nothing handles this one."""
_STOPPED = 1


class StopListener:
    """Stops the current task on `STOP_SIGNAL`, and starts no other.

    Until it is installed the signal has its default action, which ends the process.
    """

    def __init__(self) -> None:
        """Install nothing yet."""
        self._stopped = False
        self._parent = os.getppid()

    def install(self) -> None:
        """Listen to Airflow and handle the signal."""
        from airflow.sdk.listener import get_listener_manager  # noqa: PLC0415 - takes seconds

        get_listener_manager().add_listener(self)  # type: ignore[no-untyped-call]
        signal.signal(STOP_SIGNAL, self.stop)

    @pluggy.HookimplMarker("airflow")
    def on_task_instance_running(self) -> None:
        """End the process where a task would start after the stop."""
        if self._stopped:
            os._exit(_STOPPED)

    def stop(self, *_: object) -> None:
        """Stop the current task; end the process where no run of Meltano has to save its state."""
        from airflow.sdk import BaseOperator, get_current_context  # noqa: PLC0415 - imported by now
        from meltano_pods.tasks.operator import MeltanoOperator  # noqa: PLC0415

        self._stopped = True
        if os.getppid() != self._parent:
            _discard_output()  # which nobody reads any more: no line of a log may end the run
        try:
            task = get_current_context()["task"]
        except RuntimeError:  # between tasks
            os._exit(_STOPPED)
        if isinstance(task, BaseOperator):
            task.on_kill()
        if not isinstance(task, MeltanoOperator):
            os._exit(_STOPPED)


def _discard_output() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(null, number)
