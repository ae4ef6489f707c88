"""Readings of the deployment's settings, which come as text: environment variables or airflow.cfg.

Each raises a ValueError that says what is allowed, to go on from the key's name (`takes a map`);
`deployment` adds where and the rest.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from meltano_pods.settings.types.env_names import refuse_run_variable
from meltano_pods.settings.types.kubernetes import kubernetes_name
from meltano_pods.settings.types.notify import check_notify

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = "{project}"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_TRUE, _FALSE = ("true", "1", "yes", "t"), ("false", "0", "no", "f")


def boolean(value: object) -> object:
    """Read what Airflow takes for a boolean."""
    if isinstance(value, str):
        if value.lower() not in _TRUE + _FALSE:
            raise ValueError("takes true or false")
        return value.lower() in _TRUE
    return value


def absolute_path(value: object) -> object:
    """Read an absolute path: Airflow's processes start in various folders."""
    if isinstance(value, str):
        path = Path(value).expanduser()
        if not path.is_absolute():
            raise ValueError("takes an absolute path, from / on")
        return path
    return value


def image_path(value: object) -> object:
    """Accept an absolute path in an image."""
    if isinstance(value, str) and not value.startswith("/"):
        raise ValueError("takes an absolute path, from / on")
    return value


def log_url(value: object) -> object:
    """Accept an address in which `{namespace}` and `{pod}` may stand for a pod's."""
    if isinstance(value, str):
        if not value.startswith(("https://", "http://")):
            raise ValueError("takes an address that begins with https://")
        try:
            value.format(namespace="n", pod="p")
        except (KeyError, IndexError, ValueError):
            raise ValueError(
                "takes an address that has only {namespace} and {pod} in braces; double other ones"
            ) from None
    return value


def variables(value: object) -> object:
    """Read environment variables: a JSON object of texts by name."""
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError('takes a JSON object of texts: {"NAME": "value"}')
    for name in found:
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"takes names of letters, digits and _, and {name!r} is none")
        try:
            refuse_run_variable(name)
        except ValueError as error:
            raise ValueError(f"takes no {name}: {error}") from None
    return found


def variable_names(value: object) -> object:
    """Read names of variables with commas or spaces between."""
    if not isinstance(value, str):
        return value
    names = tuple(value.replace(",", " ").split())
    for name in names:
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"takes names of letters, digits and _, and {name!r} is none")
    return names


def secret_pattern(value: object) -> object:
    """Accept the name of a Secret in which `{project}` may stand for the project."""
    if isinstance(value, str):
        kubernetes_name("Secret")(value.replace(PROJECT, "x"))
    return value


def names_of(what: str, *, project: bool = False) -> Callable[[object], object]:
    """Read names with commas or spaces between; `project` allows `{project}` in them."""
    check = kubernetes_name(what)

    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        names = tuple(value.replace(",", " ").split())
        for name in names:
            check(name.replace(PROJECT, "x") if project else name)
        return names

    return read


def notify_map(value: object) -> object:
    """Read `off`, or what `notify` in meltano.yml takes as a line of YAML or JSON."""
    if not isinstance(value, str):
        return value
    try:
        said = yaml.safe_load(value)
    except yaml.YAMLError:
        # Without YAML's own words, which quote what was found.
        raise ValueError("takes a map in YAML or JSON") from None
    # YAML's own reading of `off`.
    return None if said is False else check_notify(said)
