"""Which processes a stop ends, and when, with neither Meltano nor plugins."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from meltano_runner.run import processes
from meltano_runner.run.stop import Stop

if TYPE_CHECKING:
    import pytest

MELTANO = 4242


def test_meltano_is_left_to_mark_its_run_as_failed_once_a_plugin_was_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A SIGTERM at that moment left the run's row as running, which keeps the next run off."""
    plugins: dict[str, list[Any]] = {"tap": [SimpleNamespace(pid=1)], "target": [], "other": []}
    sent: list[int] = []
    monkeypatch.setattr(processes, "find_plugins", lambda _: plugins)
    monkeypatch.setattr(processes, "choose_stop_signal", lambda _: signal.SIGTERM)
    monkeypatch.setattr(processes, "send_signal", lambda *_: None)
    monkeypatch.setattr(os, "kill", lambda _, number: sent.append(number))
    stop = Stop("SIGTERM", MELTANO, 120)
    stop.advance(busy=False)
    plugins["tap"].clear()
    stop.advance(busy=False)
    assert sent == []
    stop._idle_since = float("-inf")  # it has had its time
    stop.advance(busy=False)
    assert signal.SIGTERM in sent
