"""Names and lists in a sentence, and names that fit where room is short."""

from __future__ import annotations

import difflib
import hashlib
from os.path import commonprefix
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 12
_BEGINNING = 3
_ALIKE = 0.6
_MAX_NAME = 200
_MAX_KEY = 250
"""Characters that the key of a variable of Airflow may have."""


def find_nearest(name: str, valid: Iterable[str]) -> str | None:
    """Return the valid name most like `name`, in whatever case, if one is alike at all.

    Names that begin alike come first: `tap-orders` means `tap-orders-incremental` and not
    `target-orders`, and `prod` means `production`.
    """
    by_folded = {each.casefold(): each for each in valid}
    folded = name.casefold()[:_MAX_NAME]
    ranked = [(score, each) for each in by_folded if (score := _likeness(folded, each)) is not None]
    return by_folded[max(ranked)[1]] if ranked else None


def _likeness(name: str, other: str) -> float | None:
    """Return how much two names are alike, by their beginnings first; None for not at all."""
    shorter, longer = sorted((name, other), key=len)
    begins = len(shorter) >= _BEGINNING and longer.startswith(shorter)
    matcher = difflib.SequenceMatcher(None, other, name)
    if not begins and (
        matcher.real_quick_ratio() < _ALIKE
        or matcher.quick_ratio() < _ALIKE
        or matcher.ratio() < _ALIKE
    ):
        return None
    return matcher.ratio() + len(commonprefix([name, other])) / max(len(name), 1)


def list_names(names: Iterable[str], empty: str = "none") -> str:
    """Return names as `a, b, c`; a long list is cut and says how many it leaves out."""
    every = sorted(set(names))
    if not every:
        return empty
    rest = len(every) - _SHOWN
    return ", ".join(every[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def suggest(name: str, valid: Iterable[str]) -> str:
    """Return `Did you mean x? ` where a valid name is near, else an empty string."""
    near = find_nearest(name, valid)
    return f"Did you mean `{near}`? " if near else ""


def pluralize(number: int, what: str) -> str:
    """Return `1 fault`, `2 faults`, `1,200 faults`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def describe_counts(extracted: int | None, loaded: int | None, what: str = "") -> str:
    """Return `12 records extracted, 12 loaded`; a count that nobody reported is `unknown`.

    Args:
        extracted: As the tap counted.
        loaded: As the target counted.
        what: What is counted, in the singular; empty where that is clear.
    """
    if extracted is None and loaded is None:
        return f"{what}s not counted" if what else "not counted"
    first = f"{pluralize(extracted or 0, what) if what else f'{extracted or 0:,}'} extracted"
    return ", ".join(
        (
            "extracted: unknown" if extracted is None else first,
            "loaded: unknown" if loaded is None else f"{loaded:,} loaded",
        )
    )


def build_variable_key(prefix: str, name: str) -> str:
    """Return the key of a variable of Airflow; a name that is too long ends with a digest."""
    key = prefix + name
    if len(key) <= _MAX_KEY:
        return key
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{key[: _MAX_KEY - len(digest) - 1]}-{digest}"
