"""The setting `airflow_env`: variables of a run that Airflow's connections and variables fill."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meltano_pods.names import listed, suggestion
from meltano_pods.settings.run_variables import refuse_run_variable
from meltano_pods.settings.values import check_name, inner_error

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS = ("uri", "host", "port", "login", "password", "schema", "extra")
FIELD = rf"^({'|'.join(FIELDS)}|extra\..+)$"
PUBLIC_FIELDS = ("host", "port", "login", "schema")
"""Fields that are not masked in logs: names such as `public` or `5432` occur there anywhere."""

_KEYS = ("connection", "field", "variable", "key")
_GOES_WITH = {"field": "connection", "key": "variable"}
_ID = re.compile(r"[\w.\-/:#() ]{1,250}")
_EXAMPLE = "{connection: shop_db, field: password}"


def check_airflow_env(value: object) -> object:
    """Accept a map of variables to fields of connections, or to Airflow variables."""
    if not isinstance(value, dict):
        raise ValueError(f"takes a map: {{TAP_DB_PASSWORD: {_EXAMPLE}}}")  # noqa: TRY004
    for name, source in value.items():
        try:
            check_name(name)
            refuse_run_variable(name)
        except ValueError as error:
            raise inner_error(str(name), str(error)) from None
        _check_source(name, source)
    return value


def _check_source(name: str, source: Any) -> None:  # noqa: ANN401 - YAML's
    example = f"Write `{name}: {_EXAMPLE}` or `{name}: {{variable: api_key}}`."
    if not isinstance(source, dict):
        # Whoever writes a bare string may mean the value itself: it is not repeated.
        kind = type(source).__name__
        what = f"{name} takes a map with `connection` or `variable`, found {kind}"
        raise inner_error(name, what, example)
    for key, value in source.items():
        if key not in _KEYS:
            raise inner_error(
                f"{name}.{key}",
                f"unknown key `{key}`; expected one of: {listed(_KEYS)}",
                f"{suggestion(str(key), _KEYS)}Rename or remove it.",
            )
        if value is not None and not isinstance(value, str):
            raise inner_error(f"{name}.{key}", f"`{key}` takes a string")
    if bool(source.get("connection")) == bool(source.get("variable")):
        what = f"{name} takes either `connection` or `variable`, the id of one in Airflow"
        raise inner_error(name, what, example)
    for key, other in _GOES_WITH.items():
        if source.get(key) is not None and source.get(other) is None:
            raise inner_error(f"{name}.{key}", f"`{key}` belongs to `{other}`")
    _check_values(name, source)


def _check_values(name: str, source: Mapping[str, str | None]) -> None:
    for key in ("connection", "variable"):
        if (value := source.get(key)) is not None and not _ID.fullmatch(value):
            # It may be the secret itself.
            raise inner_error(
                f"{name}.{key}",
                f"`{key}` takes the id of an Airflow {key}: letters, digits and punctuation",
            )
    field = source.get("field")
    if field is not None and not re.search(FIELD, field):
        raise inner_error(
            f"{name}.field",
            f"a connection has no field `{field}`; expected one of: {listed(FIELDS)}, or "
            "`extra.KEY` for a key of its extra",
            f"{suggestion(field, FIELDS)}Write one of these.",
        )


def check_not_secret(value: object) -> object:
    """Accept a list of names of variables."""
    takes = "takes a list of names of variables: [TAP_SHOP_KEY]"
    if not isinstance(value, list | tuple):
        raise ValueError(takes)  # noqa: TRY004
    for index, name in enumerate(value):
        if not (isinstance(name, str) and re.fullmatch(r"[A-Za-z_][\w.-]*", name)):
            raise inner_error(str(index), f"entry {index + 1} is not a name: {takes}")
    return tuple(dict.fromkeys(value))
