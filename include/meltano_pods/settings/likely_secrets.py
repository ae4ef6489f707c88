"""What is taken for a secret, and so must not stand where Airflow shows it.

docs/how-to/secrets.md says the same in words.
"""

from __future__ import annotations

import re

_PARTS = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "CREDENTIAL", "APIKEY")
_WORDS = frozenset({"TOKEN", "KEY", "PWD", "DSN"})
# Keys of rows, not of doors.
_PLAIN_KEYS = frozenset({"PRIMARY", "REPLICATION", "FOREIGN", "PARTITION", "SORT", "CLUSTER"})
# Where a secret is, or what it is called, is none; nor is the path that Google's libraries want.
_PLACES = frozenset({"FILE", "PATH", "DIR", "NAME", "NAMES"})
_PATHS = frozenset({"GOOGLE_APPLICATION_CREDENTIALS"})

VALUES = {
    "an address with a password": r"://[^/\s@{}]*:[^/\s@{}]+@",
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----",
    "an access key of AWS": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})",
    "a token of GitLab": r"\bglpat-[A-Za-z0-9_-]{20}",
    "a token of Slack": r"\bxox[abeoprs]-[A-Za-z0-9-]{10}",
    "a key that begins with sk-": r"(?<![\w/.-])sk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20}",
    "a key of Stripe": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{10}",
    "a key of Google": r"\bAIza[A-Za-z0-9_-]{35}",
    "a JSON Web Token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",
}
"""Values that are secrets whatever they are called: what each is, and its pattern."""
_VALUES = {what: re.compile(pattern) for what, pattern in VALUES.items()}


def looks_secret(name: str) -> bool:
    """Whether the name of an environment variable says that its value is a secret."""
    upper = name.upper()
    words = upper.split("_")
    if words[-1] in _PLACES or upper in _PATHS:
        return False
    if any(part in upper for part in _PARTS):
        return True
    if words[-1] == "KEY" and len(words) > 1 and words[-2] in _PLAIN_KEYS:
        return False
    return words[-1] in _WORDS


def secret_in(value: object) -> str | None:
    """Return what secret a value holds, in words; None for none that is known."""
    if not isinstance(value, str):
        return None
    return next((what for what, pattern in _VALUES.items() if pattern.search(value)), None)


def would_show_secret(name: str, value: object) -> bool:
    """Whether an environment variable that everybody can read is likely to be a secret."""
    return looks_secret(name) or secret_in(value) is not None
