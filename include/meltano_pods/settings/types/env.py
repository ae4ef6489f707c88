"""Environment variables of a run: plain values, and values that Airflow or Kubernetes keep."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

from meltano_pods.names import list_names, suggest
from meltano_pods.settings.types.env_names import NAME_SCHEMA, check_name, reject_run_variable
from meltano_pods.settings.types.errors import build_nested_error
from meltano_pods.settings.types.kubernetes import SecretKey, SecretName

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
_SECRET_KEY = ("secret", "key")


def check_environment(value: object) -> object:
    """Accept names and plain values; `secret_check` looks for secrets in them."""
    if not isinstance(value, dict):
        raise ValueError("takes a map: {NAME: value}")  # noqa: TRY004
    checked = {}
    for name, each in value.items():
        try:
            checked[name] = check_variable(name, each)
        except ValueError as error:
            # With the name, `validate` finds the line of this variable.
            context = {"name": name, "message": str(error)}
            raise PydanticCustomError("variable", "{message}", context) from None
    return checked


def check_variable(name: str, value: object) -> str:
    """Return the value of one environment variable as text.

    Raises:
        ValueError: A bad name, an option of Meltano's, or a value that is not a string or number;
            the message names the variable and never shows its value.
    """
    check_name(name)
    reject_run_variable(name)
    if isinstance(value, list | dict):
        kind = "list" if isinstance(value, list) else "map"
        raise ValueError(f"{name} takes a string, found a {kind}")  # noqa: TRY004
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{name} takes a string: quote the value, an empty one as ''")  # noqa: TRY004
    return str(value)


def check_airflow_env(value: object) -> object:
    """Accept a map of variables to fields of Airflow connections, or to Airflow variables."""
    if not isinstance(value, dict):
        raise ValueError(f"takes a map: {{TAP_DB_PASSWORD: {_EXAMPLE}}}")  # noqa: TRY004
    for name, source in value.items():
        try:
            check_name(name)
            reject_run_variable(name)
        except ValueError as error:
            raise build_nested_error(str(name), str(error)) from None
        _check_source(name, source)
    return value


def _check_source(name: str, source: Any) -> None:  # noqa: ANN401 - YAML's
    example = f"Write `{name}: {_EXAMPLE}` or `{name}: {{variable: api_key}}`."
    if not isinstance(source, dict):
        # The message does not show a bare string, which may be the secret itself.
        kind = type(source).__name__
        what = f"{name} takes a map with `connection` or `variable`, found {kind}"
        raise build_nested_error(name, what, example)
    for key, value in source.items():
        if key not in _KEYS:
            raise build_nested_error(
                f"{name}.{key}",
                f"unknown key `{key}`; expected one of: {list_names(_KEYS)}",
                f"{suggest(str(key), _KEYS)}Rename or remove it.",
            )
        if value is not None and not isinstance(value, str):
            raise build_nested_error(f"{name}.{key}", f"`{key}` takes a string")
    if bool(source.get("connection")) == bool(source.get("variable")):
        what = f"{name} takes either `connection` or `variable`, the id of one in Airflow"
        raise build_nested_error(name, what, example)
    for key, other in _GOES_WITH.items():
        if source.get(key) is not None and source.get(other) is None:
            raise build_nested_error(f"{name}.{key}", f"`{key}` requires `{other}`")
    _check_values(name, source)


def _check_values(name: str, source: Mapping[str, str | None]) -> None:
    for key in ("connection", "variable"):
        if (value := source.get(key)) is not None and not _ID.fullmatch(value):
            # The message does not show the value, which may be the secret itself.
            raise build_nested_error(
                f"{name}.{key}",
                f"`{key}` takes the id of an Airflow {key}: letters, digits and punctuation",
            )
    field = source.get("field")
    if field is not None and not re.search(FIELD, field):
        raise build_nested_error(
            f"{name}.field",
            f"a connection has no field `{field}`; expected one of: {list_names(FIELDS)}, or "
            "`extra.KEY` for a key of its extra",
            f"{suggest(field, FIELDS)}Write one of these.",
        )


def check_not_secret(value: object) -> object:
    """Accept a list of names of variables."""
    takes = "takes a list of names of variables: [TAP_SHOP_KEY]"
    if not isinstance(value, list | tuple):
        raise ValueError(takes)  # noqa: TRY004
    for index, name in enumerate(value):
        if not (isinstance(name, str) and re.fullmatch(r"[A-Za-z_][\w.-]*", name)):
            raise build_nested_error(str(index), f"entry {index + 1} is not a name: {takes}")
    return tuple(dict.fromkeys(value))


def check_secret_env(value: object) -> object:
    """Accept a map of variables to keys of Secrets; null stands for an empty map."""
    if not isinstance(value, dict):
        raise ValueError("takes a map: {TAP_SHOP_TOKEN: {key: SHOP_TOKEN}}")  # noqa: TRY004
    checked = {}
    for name, each in value.items():
        try:
            check_name(name)
            reject_run_variable(name)
        except ValueError as error:
            raise build_nested_error(str(name), str(error)) from None
        if not isinstance(each, dict | None):
            # The message does not show a bare string, which may be the secret itself.
            kind = type(each).__name__
            raise build_nested_error(
                name, f"{name} takes a map with `secret` and `key`, found {kind}"
            )
        for key in each or {}:
            if key not in _SECRET_KEY:
                raise build_nested_error(
                    f"{name}.{key}",
                    f"unknown key `{key}`; expected `secret` or `key`",
                    f"{suggest(str(key), _SECRET_KEY)}Rename or remove it.",
                )
        checked[name] = each or {}
    return checked


class AirflowSource(BaseModel):
    """Source of a value in Airflow: a field of a connection, or a variable."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    connection: str | None = None
    field: str | None = None
    variable: str | None = None
    key: str | None = None


class SecretKeySetting(BaseModel):
    """A key of a Secret; None stands for the deployment's Secret, or for the variable's name."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    secret: SecretName | None = None
    key: SecretKey | None = None


_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_ID_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 250}
Env = Annotated[
    dict[str, str],
    BeforeValidator(check_environment),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": NAME_SCHEMA,
            "additionalProperties": {"type": ["string", "number"]},
        }
    ),
]
NotSecret = Annotated[
    tuple[str, ...],
    BeforeValidator(check_not_secret),
    WithJsonSchema(
        {"type": "array", "items": {"type": "string", "pattern": r"^[A-Za-z_][\w.-]*$"}}
    ),
]
AirflowEnv = Annotated[
    dict[str, AirflowSource],
    BeforeValidator(check_airflow_env),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": NAME_SCHEMA,
            "additionalProperties": {
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {
                            "connection": _ID_SCHEMA,
                            "field": {
                                **_TEXT,
                                "pattern": FIELD,
                                "examples": ["uri", "password", "extra.token"],
                            },
                        },
                        "required": ["connection"],
                        "additionalProperties": False,
                    },
                    {
                        "type": "object",
                        "properties": {"variable": _ID_SCHEMA, "key": _TEXT},
                        "required": ["variable"],
                        "additionalProperties": False,
                    },
                ]
            },
        }
    ),
]
SecretEnv = Annotated[
    dict[str, SecretKeySetting],
    BeforeValidator(check_secret_env),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": NAME_SCHEMA,
            "additionalProperties": {
                "type": ["object", "null"],
                "properties": {"secret": _TEXT, "key": _TEXT},
                "additionalProperties": False,
            },
        }
    ),
]
