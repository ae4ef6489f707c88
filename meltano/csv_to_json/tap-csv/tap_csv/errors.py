"""What can stop the tap.

SystemExit
└── Stopped               a signal asked for it; exit code 128 + signal
TapCsvError               the user can fix it; exit code 1
├── SettingsError         a setting has a value that is not allowed
├── SourceError           a file is missing, unreadable or has no usable header
├── MalformedRowError     a row is not what the header or the types say
├── StateError            a bookmark does not fit the file or the settings
└── OutputClosedError     the reader of standard output is gone
"""

from __future__ import annotations

import signal


class TapCsvError(Exception):
    """Root of the errors that name their own fix.

    Attributes:
        reason: What is wrong and where, in one line.
        fix: What to do about it, in one line.
    """

    def __init__(self, reason: str, *, fix: str) -> None:
        super().__init__(f"{reason}. {fix}")
        self.reason = reason
        self.fix = fix


class SettingsError(TapCsvError):
    """A setting has a value that is not allowed.

    Its text begins like the Singer SDK's own errors of this kind, which shows that the
    configuration is the cause, and not the source.
    """

    def __init__(self, reason: str, *, fix: str) -> None:
        super().__init__(f"Config validation failed: {reason}", fix=fix)


class SourceError(TapCsvError):
    """A file is missing, unreadable or has no usable header."""


class MalformedRowError(TapCsvError):
    """A row is not what the header or the types say."""


class StateError(TapCsvError):
    """A bookmark does not fit the file or the settings."""


class OutputClosedError(TapCsvError):
    """The reader of standard output is gone."""

    def __init__(self) -> None:
        super().__init__(
            "Standard output was closed before the last row was written",
            fix="See why the loader ended: its own last log lines come before this one",
        )


class Stopped(SystemExit):  # not an error: the caller asked for it
    """A signal ended the run early, with everything written up to a row boundary."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)
        self.signal_name = signal.Signals(signum).name
