"""One thing that Astro would reject, or handle differently than intended."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """What is wrong, where, and how to fix it.

    Attributes:
        file: The file to change, relative to the project.
        key: What in it, such as a line or a setting; may be empty.
        found: What is there.
        allowed: What may be there.
        fix: What to do, as an instruction.
    """

    file: str
    key: str
    found: str
    allowed: str
    fix: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return f"{where}\n  found: {self.found}\n  allowed: {self.allowed}\n  fix: {self.fix}"
