"""Finds the secrets a run knows of, so that none of them is shown.

A pod gets its secrets as environment variables; locally they also stand in `.env`, and some people
write them into meltano.yml. Which values are secret is told by their names, by credentials in a
URL, and by the launcher (`MELTANO_RUNNER_SECRET_NAMES`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from meltano_runner.contract.environment import SECRET_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SECRET_NAME = re.compile(
    r"PASS(WORD|WD|PHRASE|CODE)|(^|[_-])(PASS|PWD)$|SECRET|TOKEN|CREDENTIAL"
    r"|(PRIVATE|API|ACCESS|ACCOUNT|ENCRYPTION|SIGNING|AUTH|SSH|PGP|SERVICE|FERNET)[_-]?KEY"
    r"|CONNECTION[_-]?STRING|(^|[_-])SAS([_-]|$)|AUTHORIZATION",
    re.IGNORECASE,
)
# The name of a file, an address or a lifetime is no secret, whatever it belongs to.
_NOT_SECRET_NAME = re.compile(
    r"[_-](FILE|PATH|DIR|URL|URI|ENDPOINT|NAME|NAMES|TTL|TYPE|EXPIRY|EXPIRATION|LIFETIME|ENABLED"
    r"|SECONDS)$|^(OLD)?PWD$",
    re.IGNORECASE,
)
# Our own annotations name Secrets (`secrets: [meltano-shop-env]`) and hold none.
_REFERENCES = "meltano_pods"
_MAX_DEPTH = 40  # YAML anchors can make a structure that holds itself


def find(environment: Mapping[str, str], project: Path) -> set[str]:
    """Return the secret values in the environment, the project's `.env` and its meltano.yml.

    Never raises: a file that cannot be read is Meltano's to complain about.
    """
    found: set[str] = set()
    listed = {name.strip() for name in environment.get(SECRET_NAMES, "").split(",")}
    variables = {**dotenv(project / ".env"), **environment}
    for name, value in variables.items():
        found.update(_in_value(name, value, secret=name in listed or is_secret_name(name)))
    found.update(_in_yaml(project / "meltano.yml"))
    return found


def is_secret_name(name: str) -> bool:
    """Whether a setting or variable of this name holds a secret."""
    return bool(_SECRET_NAME.search(name)) and not _NOT_SECRET_NAME.search(name)


def _in_value(name: str, value: str, *, secret: bool) -> Iterator[str]:
    if secret:
        yield value
    yield from _in_url(value)
    if value.lstrip().startswith("{"):
        # A service account's key file, for example: its parts are shown without the whole.
        try:
            data = json.loads(value)
        except ValueError:
            return
        yield from _in_tree(data, name)


def _in_url(value: str) -> Iterator[str]:
    if "://" not in value or "@" not in value:
        return
    try:
        password = urlsplit(value).password
    except ValueError:
        return
    if password:
        yield password
        yield unquote(password)


def _in_tree(data: Any, name: str, depth: int = 0) -> Iterator[str]:  # noqa: ANN401
    if depth > _MAX_DEPTH:
        return
    if isinstance(data, dict):
        for key, value in data.items():
            if key == _REFERENCES:
                continue
            yield from _in_tree(value, str(key), depth + 1)
    elif isinstance(data, list):
        for value in data:
            yield from _in_tree(value, name, depth + 1)
    elif isinstance(data, str) and not data.startswith("$"):
        # `$NAME` is a reference: its value is in the environment.
        if is_secret_name(name):
            yield data
        yield from _in_url(data)


def dotenv(path: Path) -> dict[str, str]:
    """Return the variables of a project's `.env`; none where it cannot be read."""
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - Meltano brings it; needed only here

    try:
        return {name: value for name, value in dotenv_values(path).items() if value is not None}
    except (OSError, UnicodeDecodeError):
        return {}


def _in_yaml(path: Path) -> Iterator[str]:
    import yaml  # noqa: PLC0415 - 20 ms, spent while Meltano starts

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(path.read_bytes(), loader)  # noqa: S506 - a safe loader, in C if there
    except (OSError, ValueError, yaml.YAMLError):
        return
    yield from _in_tree(data, "")
