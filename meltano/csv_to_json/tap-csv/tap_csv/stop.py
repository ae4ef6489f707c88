"""Takes note of a signal until a row boundary is reached."""

from __future__ import annotations

from dataclasses import dataclass

from tap_csv.errors import Stopped


@dataclass(slots=True)
class StopFlag:
    """Says whether a signal has asked the tap to stop.

    The handler only sets this flag. An exception out of a handler could come up anywhere, in the
    middle of a line being written as well.

    Attributes:
        signum: The signal that came; None so far.
    """

    signum: int | None = None

    def check(self) -> None:
        """Ends the run here if a signal asked for it.

        Raises:
            Stopped: A signal came.
        """
        if self.signum is not None:
            raise Stopped(self.signum)
