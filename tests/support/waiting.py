"""Waiting for conditions, never for a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


def wait_for(what: str, look: Callable[[], _T | None], seconds: float = 180) -> _T:
    """Look until there is something (not None and not False), and fail if it takes too long."""
    deadline = time.monotonic() + seconds
    pause = 0.2
    while time.monotonic() < deadline:
        found = look()
        if found is not None and found is not False:
            return found
        time.sleep(pause)
        pause = min(1.2 * pause, 1)
    raise AssertionError(f"timed out after {seconds:g} s: {what}")
