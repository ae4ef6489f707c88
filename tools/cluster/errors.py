"""The error that the cluster's tools show a person instead of a traceback."""

from __future__ import annotations


class ClusterError(Exception):
    """Something failed that a person can fix.

    Args:
        what: What went wrong.
        fix: How to fix it.
        detail: What a command output: its last lines.
    """

    def __init__(self, what: str, fix: str, detail: str = "") -> None:
        super().__init__(what, fix, detail)
        self.what = what
        self.fix = fix
        self.detail = detail

    def __str__(self) -> str:
        detail = f"\n{self.detail.rstrip()}" if self.detail else ""
        return f"{self.what}{detail}\n  fix: {self.fix}"
