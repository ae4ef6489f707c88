"""What counts as a secret: the one rule for both sides.

Airflow rejects such values where it would show them, and the runner masks them in logs and results.
A value is a secret because of the name of its variable or setting, or because of its own format.
Names listed in `not_secret` are exempt from both. docs/how-to/secrets.md describes the rule. The
patterns are not from a library, because the runner is installed next to Meltano's dependencies.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

BY_NAME = "has the name of a secret"

# In any part of a name: compound names (PGPASSWORD, hapikey) have no word boundary there.
_ANYWHERE = re.compile(
    r"pass(?:word|wd|phrase|code)|secret(?!ar)|api_?key|private_?key|connection_?str"
    r"|conn_str|connstr|jaas_config"
)
_LAST_WORDS = frozenset(
    {
        "credential",
        "credentials",
        "pass",
        "pwd",
        "dsn",
        "pat",
        "sas",
        "pin",
        "salt",
        "jwt",
        "authorization",
        "signature",
    }
    | {"cookie", "cookies", "auth_header", "bearer"}
)
# Tokens of paging and of language models.
_PLAIN_TOKENS = frozenset(
    {"page", "next", "continuation", "cursor", "sync", "offset", "max", "min", "num", "count"}
    | {"total", "output", "input", "stop", "per", "use", "with", "start", "end"}
)
# Keys of rows, objects and maps.
_PLAIN_KEYS = frozenset(
    {"primary", "replication", "foreign", "partition", "sort", "sorting", "cluster", "clustering"}
    | {"message", "record", "unique", "natural", "surrogate", "business", "distribution", "dist"}
    | {"order", "group", "join", "lookup", "map", "row", "object", "bucket", "s3", "dedup"}
    | {"dedupe", "merge", "upsert", "range", "hash", "composite", "cursor", "bookmark", "index"}
    | {"event", "stream", "table", "column", "field", "property", "parent", "child", "json"}
    | {"cache", "public", "text", "data", "tag", "by", "incremental", "watermark", "issue"}
    | {"routing", "metadata", "update", "id", "state", "dict", "candidate", "alternate"}
)
# Several keys are far more often columns than credentials.
_SECRET_KEYS = frozenset({"api", "app", "auth", "access", "secret", "private", "ssh", "signing"})
# Such a value describes or locates a secret but is not one: TOKEN_URL, PASSWORD_FILE.
_DESCRIPTIONS = frozenset(
    {"file", "files", "filename", "path", "paths", "dir", "directory", "folder", "location"}
    | {"name", "names", "id", "ids", "url", "uri", "urls", "endpoint", "host", "port", "arn"}
    | {"type", "method", "mode", "format", "kind", "title", "scheme", "mechanism", "algorithm"}
    | {"ttl", "expiry", "expiration", "expires", "lifetime", "timeout", "seconds", "secs"}
    | {"minutes", "days", "length", "size", "count", "max", "min", "limit", "policy", "rotation"}
    | {"enabled", "disabled", "enable", "required", "prefix", "field", "column", "properties"}
    | {"header", "scope", "scopes", "audience", "bucket", "region", "version", "provider"}
    | {"options", "convention", "placeholder", "hint", "env", "var", "variable", "backend"}
    | {"manager", "store", "vault", "username", "user", "email", "class", "separator", "index"}
)
# Suffixes for the format of a value, or for one of several values: API_KEY_2, CREDENTIALS_JSON.
_VARIANTS = frozenset(
    {"value", "json", "base64", "b64", "pem", "raw", "string", "str", "content", "contents"}
    | {"data", "info", "text", "encoded", "plain", "prod", "production", "dev", "staging", "test"}
    | {"live", "sandbox", "old", "new", "current", "previous", "default", "backup", "secondary"}
)
_EXCEPTIONS = frozenset(
    {"pwd", "oldpwd", "google_application_credentials", "meltano_runner_not_secret"}
)
# Secrets in spite of a last word that is in _DESCRIPTIONS.
_IDS_AND_ADDRESSES = re.compile(r"(?:^|_)(?:secret_id|webhook_ur[li]s?)$")

# Each pattern by a string that all its matches contain. Most values contain none of these, so most
# patterns are never compiled, which would take milliseconds.
_FORMS = {
    # Not a port and what follows it.
    "a URL with a password": {"://": r"://[^/\s:@{}]*:(?!\d+[/?#])(\S+)@"},
    "a password in a connection string": {
        "=": r"(?i)(?:^|[?&;,\s])(?:password|passwd|pwd|account_?key|shared_?access_?key|shared_?"
        r"access_?signature|sig|access_token|auth_token|api_?key|client_secret|secret)\s*=\s*['\"]?"
        r"([^&;,\s'\"]+)"
    },
    "a private key": {
        "PRIVATE KEY-": r"-----BEGIN (?:\w+ )*PRIVATE KEY-----"
        r"(?:.*?-----END [A-Z0-9 ]*-----|.*)"
    },
    "an AWS access key": {
        "AKIA": r"\bAKIA[A-Z0-9]{16}\b",
        "ASIA": r"\bASIA[A-Z0-9]{16}\b",
    },
    "a GitHub token": {
        "gh": r"\bgh[pousr]_[A-Za-z0-9]{36,}",
        "github_pat_": r"\bgithub_pat_\w{22,}",
    },
    "a GitLab token": {"gl": r"\bgl(?:pat|dt|rt|ptt|soat)-[\w-]{20,}"},
    "a Slack token": {
        "xox": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
        "xapp-": r"\bxapp-\d-[A-Za-z0-9-]{10,}",
    },
    "a Slack webhook": {
        "hooks.slack.com/": r"\bhooks\.slack\.com/(?:services|workflows)/[\w/]{8,}"
    },
    "a Discord webhook": {"/api/webhooks/": r"\bdiscord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}"},
    "a key that begins with sk-": {"sk-": r"(?<![\w/.-])sk-(?=[A-Za-z_-]*\d)[\w-]{20,}"},
    "a Stripe key": {"k_": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,}"},
    "a Google key": {
        "AIza": r"\bAIza[\w-]{35,}",
        "GOCSPX-": r"\bGOCSPX-[\w-]{20,}",
        "ya29.": r"\bya29\.[\w-]{20,}",
    },
    "a JSON Web Token": {"eyJ": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*"},
    "a SendGrid key": {"SG.": r"\bSG\.[\w-]{16,}\.[\w-]{16,}"},
    "a Twilio key": {"SK": r"\bSK[0-9a-f]{32}\b"},
    "a Mailchimp key": {"-us": r"\b[0-9a-f]{32}-us\d{1,2}\b"},
    "a Shopify token": {"shp": r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32,}"},
    "a HubSpot token": {"pat-": r"\bpat-(?:na|eu|ap)\d-[0-9a-f-]{30,}"},
    "an Atlassian token": {"ATATT3": r"\bATATT3[\w=-]{20,}"},
    "a Databricks token": {"dapi": r"\bdapi[0-9a-f]{32}\b"},
    "a dbt Cloud token": {"dbt": r"\bdbt[cu]_[A-Za-z0-9_-]{20,}"},
    "a package registry's token": {
        "npm_": r"\bnpm_[A-Za-z0-9]{36}\b",
        "pypi-AgEI": r"\bpypi-AgEI[\w-]{20,}",
    },
    "a Vault token": {"hv": r"\bhv[sbr]\.[\w-]{20,}"},
    "a DigitalOcean token": {"_v1_": r"\bdo[opr]_v1_[0-9a-f]{32,}"},
    "a Hugging Face token": {"hf_": r"\bhf_[A-Za-z]{30,}\b"},
    "a Telegram token": {":": r"\b\d{8,10}:[\w-]{35}\b"},
    "a Square secret": {"sq0csp-": r"\bsq0csp-[\w-]{40,}"},
    "a Notion token": {
        "ntn_": r"\bntn_[A-Za-z0-9]{30,}",
        "secret_": r"\bsecret_[A-Za-z0-9]{40,}",
    },
}
FORMS = tuple(_FORMS)
"""The kinds of secrets that are recognised by their value, regardless of the name."""

_WORDS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DIGITS = re.compile(r"\d+$")
# Kubernetes fills it in from another variable.
_REFERENCE = re.compile(r"\$\([A-Za-z_]\w*\)")
_HARMLESS = frozenset({"", "true", "false", "yes", "no", "on", "off", "none", "null"})
_MAX_DEPTH = 40


class Secret(NamedTuple):
    """A secret that was found.

    Attributes:
        what: How it was recognised, as a predicate: `has the name of a secret`, `holds ...`.
        text: What has to be masked.
    """

    what: str
    text: str


def find_secrets(name: str, value: str, not_secret: Collection[str] = ()) -> Iterator[Secret]:
    """Yield the secrets in the value of a variable or setting.

    Args:
        name: Its name.
        value: Its value.
        not_secret: Names of variables that are exempt.
    """
    if name in not_secret:
        return
    if is_secret_name(name) and not is_harmless(value):
        yield Secret(BY_NAME, value)
    yield from _search_forms(value)
    if value.lstrip()[:1] in {"{", "["}:
        # The key file of a service account, for example: parts of it are shown without the whole.
        try:
            data = json.loads(value)
        except (ValueError, RecursionError):
            return
        for key, text in iterate_leaves(data, name):
            if key != name or text != value:
                yield from _search_leaf(key, text)


def describe_secret(name: str, value: str, not_secret: Collection[str] = ()) -> str | None:
    """Return how a value is recognised as a secret; None for one that is not."""
    found = next(find_secrets(name, value, not_secret), None)
    return None if found is None else found.what


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a variable or setting of this name holds a secret."""
    words = _DIGITS.sub("", "_".join(filter(None, _WORDS.split(name))).lower().strip("_"))
    if words in _EXCEPTIONS:
        return False
    parts = [word for word in words.split("_") if word]
    while len(parts) > 1 and (parts[-1] in _VARIANTS or parts[-1].isdigit()):
        parts.pop()
    if _IDS_AND_ADDRESSES.search(words):
        return True
    if not parts or parts[-1] in _DESCRIPTIONS:
        return False
    return _ANYWHERE.search(words) is not None or _is_secret_last(*(["", *parts][-2:]))


def _is_secret_last(before: str, last: str) -> bool:
    """Whether the last two words of a name are those of a secret."""
    if last in {"token", "tokens"}:
        return before not in _PLAIN_TOKENS
    if last == "key":
        return before not in _PLAIN_KEYS
    if last == "keys":
        return before in _SECRET_KEYS
    return last in _LAST_WORDS or (before, last) in {("basic", "auth"), ("url", "auth")}


def is_harmless(value: str) -> bool:
    """Whether a value cannot be secret: empty, a switch, or a reference for Kubernetes."""
    return value.strip().lower() in _HARMLESS or _REFERENCE.fullmatch(value) is not None


def iterate_leaves(
    data: object,
    name: str,
    skip: Callable[[str], bool] = lambda _: False,
) -> Iterator[tuple[str, str]]:
    """Yield the strings in a structure, each with its nearest key.

    Args:
        data: Lists, maps and plain values.
        name: The key of the structure itself.
        skip: Whether to omit what is under a key.
    """
    rest: list[tuple[object, str, int]] = [(data, name, 0)]
    while rest:
        each, key, depth = rest.pop()
        if isinstance(each, str):
            yield key, each
        elif depth < _MAX_DEPTH and isinstance(each, dict):
            rest += [(v, str(k), depth + 1) for k, v in each.items() if not skip(str(k))]
        elif depth < _MAX_DEPTH and isinstance(each, list):
            rest += [(v, key, depth + 1) for v in each]


def _search_leaf(key: str, text: str) -> Iterator[Secret]:
    if is_secret_name(key) and not is_harmless(text):
        yield Secret(f"holds a secret (`{key}`)", text)
    yield from _search_forms(text)


def _search_forms(value: str) -> Iterator[Secret]:
    patterns = (
        (what, pattern)
        for what, by_part in _FORMS.items()
        for part, pattern in by_part.items()
        if part in value
    )
    for what, pattern in patterns:
        for match in re.finditer(pattern, value, re.DOTALL):
            text = match[match.lastindex or 0]
            if match.lastindex is None:
                yield Secret(f"holds {what}", text)
            elif not is_harmless(text):
                yield Secret(f"holds {what}", text)
                if (plain := unquote(text)) != text:
                    yield Secret(f"holds {what}", plain)
