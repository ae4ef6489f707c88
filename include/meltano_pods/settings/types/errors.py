"""Errors of validators at a key below the setting."""

from __future__ import annotations

from pydantic_core import PydanticCustomError


def inner_error(name: str, message: str, fix: str = "") -> PydanticCustomError:
    """Return an error at a key below the setting, so that `check` can name its line.

    Args:
        name: Dotted path of the key below the setting.
        message: What is wrong, and what is allowed, in a whole sentence.
        fix: What to do about it; empty for nothing more than that.
    """
    return PydanticCustomError("inner", "{message}", {"name": name, "message": message, "fix": fix})
