"""The garbage collector in a process that imports a lot, works shortly, and ends."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Be all that the process does: what was made within is not looked at in the end.

    By default the collector looks after every 700 objects, and again when the process ends.
    Where Airflow is imported that takes a third of a short process's time, and it finds nothing.
    """
    gc.set_threshold(100_000)
    yield
    gc.freeze()
