"""Masks known secrets in text, in every form that a log is likely to show."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
MIN_LENGTH = 4
"""Shorter values are not masked: masking `1` or `no` would garble the log and protect nothing."""

_MIN_LINE = 16  # of a secret with several lines (a private key), each line this long is masked too
_NOT_SECRET = {"true", "false", "none", "null"}


class Redactor:
    """Replaces each known secret by `***`.

    Forms: unchanged, URL-encoded (both styles), JSON-escaped (with and without ASCII only), and in
        base64 at any offset (so also inside `Basic` credentials), standard and URL-safe.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        """Prepare for `secrets`; empty, very short and boolean values are ignored."""
        forms = {
            form
            for secret in secrets
            if len(secret) >= MIN_LENGTH and secret.lower() not in _NOT_SECRET
            for form in _iterate_forms(secret)
            if len(form) >= MIN_LENGTH
        }
        # The longest first: a secret that contains another must be masked completely.
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        """Return `text` without the secrets."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)


def _iterate_forms(secret: str) -> Iterator[str]:
    parts = [secret, *(line for line in secret.splitlines() if len(line) >= _MIN_LINE)]
    for part in parts:
        yield part
        yield quote(part, safe="")
        yield quote(part)
        yield quote_plus(part)
        yield json.dumps(part)[1:-1]
        yield json.dumps(part, ensure_ascii=False)[1:-1]
    yield from _iterate_base64_forms(secret.encode())


def _iterate_base64_forms(data: bytes) -> Iterator[str]:
    """Yield the part of `data` that is the same in the base64 of any text that contains it.

    Three bytes make four characters, so there are three alignments; the characters at either end
    also depend on the adjacent bytes and are omitted.
    """
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + data).decode().rstrip("=")
        start = (0, 2, 3)[offset]
        end = len(text) if (offset + len(data)) % 3 == 0 else len(text) - 1
        middle = text[start:end]
        if len(middle) >= 2 * MIN_LENGTH:
            yield middle
            yield middle.translate(str.maketrans("+/", "-_"))
