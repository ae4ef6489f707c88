"""Validators of the deployment's settings, which are strings in variables or airflow.cfg.

Each raises a ValueError that continues the key's name (`takes a map`); `read` adds the place and
the fix.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from meltano_pods.settings.types.env_names import reject_run_variable
from meltano_pods.settings.types.kubernetes import make_name_validator
from meltano_pods.settings.types.notify import check_notify

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = "{project}"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_TRUE, _FALSE = ("true", "1", "yes", "t"), ("false", "0", "no", "f")


def parse_boolean(value: object) -> object:
    """Parse the values that Airflow accepts for a boolean."""
    if isinstance(value, str):
        if value.lower() not in _TRUE + _FALSE:
            raise ValueError("takes true or false")
        return value.lower() in _TRUE
    return value


def parse_absolute_path(value: object) -> object:
    """Parse an absolute path: Airflow's processes start in different folders."""
    if isinstance(value, str):
        path = Path(value).expanduser()
        if not path.is_absolute():
            raise ValueError("takes an absolute path, which begins with /")
        return path
    return value


def check_image_path(value: object) -> object:
    """Accept an absolute path in an image."""
    if isinstance(value, str) and not value.startswith("/"):
        raise ValueError("takes an absolute path, which begins with /")
    return value


def check_log_url(value: object) -> object:
    """Accept an address with the placeholders `{namespace}` and `{pod}`."""
    if isinstance(value, str):
        if not value.startswith(("https://", "http://")):
            raise ValueError("takes an address that begins with https://")
        try:
            value.format(namespace="n", pod="p")
        except (KeyError, IndexError, ValueError):
            raise ValueError(
                "takes an address with no braces but {namespace} and {pod}; double any others"
            ) from None
    return value


def parse_variables(value: object) -> object:
    """Parse environment variables: a JSON object of strings."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError('takes a JSON object of strings: {"NAME": "value"}')
    for name in found:
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"takes names of letters, digits and _, found {name!r}")
        try:
            reject_run_variable(name)
        except ValueError as error:
            raise ValueError(f"does not take {name}: {error}") from None
    return found


def parse_variable_names(value: object) -> object:
    """Parse names of variables separated by commas or spaces."""
    if not isinstance(value, str):
        return value
    names = tuple(value.replace(",", " ").split())
    for name in names:
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"takes names of letters, digits and _, found {name!r}")
    return names


def check_secret_pattern(value: object) -> object:
    """Accept the name of a Secret with the placeholder `{project}`."""
    if isinstance(value, str):
        make_name_validator("Secret")(value.replace(PROJECT, "x"))
    return value


def make_names_parser(what: str, *, project: bool = False) -> Callable[[object], object]:
    """Return a parser of names separated by commas or spaces.

    Args:
        what: The kind of object that has the name.
        project: Whether the placeholder `{project}` is allowed.
    """
    check = make_name_validator(what)

    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        names = tuple(value.replace(",", " ").split())
        for name in names:
            check(name.replace(PROJECT, "x") if project else name)
        return names

    return read


def parse_notify(value: object) -> object:
    """Parse `off`, or the map of `notify` in meltano.yml as a line of YAML or JSON."""
    if not isinstance(value, str):
        return value
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError:
        # Without YAML's message, which quotes the value.
        raise ValueError("takes a map in YAML or JSON") from None
    # YAML reads `off` as false.
    return None if parsed is False else check_notify(parsed)
