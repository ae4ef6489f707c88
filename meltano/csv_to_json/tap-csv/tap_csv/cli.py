"""The command: runs the tap and makes its last log line the one that says why it ended."""

from __future__ import annotations

import os
import sys
import warnings

from tap_csv.errors import OutputClosedError, Stopped, TapCsvError
from tap_csv.tap import TapCsv


def main() -> None:
    """Runs the command `tap-csv`."""
    # Click leaves the state file open if discovery fails, and Meltano turns warnings on: this one
    # would come after the reason.
    warnings.simplefilter("ignore", ResourceWarning)
    code = 0
    try:
        TapCsv.cli()
    except Stopped as stopped:
        TapCsv.logger.warning(
            "Stopped by %s at a row boundary; the state covers all rows that were written",
            stopped.signal_name,
        )
        code = int(stopped.code or 0)
    except TapCsvError as error:
        TapCsv.logger.error("%s", error)
        if isinstance(error, OutputClosedError):
            _forget_output()
        code = 1
    # Not in a clause above: the exception would keep that file open until Python has forgotten
    # which warnings to ignore.
    sys.exit(code)


def _forget_output() -> None:
    """Keeps Python from flushing to a closed pipe on its way out, which would end the log."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
