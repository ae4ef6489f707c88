"""The error of a validator at a key below the setting."""

from __future__ import annotations

from pydantic_core import PydanticCustomError


def build_nested_error(name: str, message: str, fix: str = "") -> PydanticCustomError:
    """Return an error at a key below the setting, so that `validate` finds its line.

    Args:
        name: Dotted path of the key below the setting.
        message: What is wrong and what is allowed, as a whole sentence.
        fix: How to fix it; empty if the message says so.
    """
    return PydanticCustomError(
        "nested", "{message}", {"name": name, "message": message, "fix": fix}
    )
