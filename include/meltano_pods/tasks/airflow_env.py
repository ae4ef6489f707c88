"""Values that a run gets from Airflow's connections and variables: the setting `airflow_env`.

They are read where the run is started, never when a DAG file is parsed, from Airflow's secrets
backends, environment or database. This module also decides which variables the runner masks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.categories import Category
from meltano_runner.contract.environment import NOT_SECRET, SECRET_NAMES, join_names
from meltano_runner.contract.result import Outcome, RunResult
from meltano_runner.contract.secret_rule import describe_secret, is_secret_name

from meltano_pods.names import list_names
from meltano_pods.settings.types.env import PUBLIC_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from meltano_pods.settings.types.env import AirflowSource

_DEFAULT_FIELD = "uri"
_EXAMPLE_URI = "'postgresql://USER:PASSWORD@HOST:5432/DATABASE'"


class ValuesMissingError(Exception):
    """Airflow lacks values of a run, which therefore does not start.

    Args:
        result: The result of the run.
    """

    def __init__(self, result: RunResult) -> None:
        super().__init__(result.error)
        self.result = result


class _MissingError(Exception):
    """Something does not exist; the text names it and how to create it."""


def read_airflow_values(
    sources: Mapping[str, AirflowSource], not_secret: Collection[str]
) -> dict[str, str]:
    """Return the values of a task's `airflow_env`; Airflow masks the secret ones from then on.

    Args:
        sources: Where they are, by the variable's name.
        not_secret: Names of variables that hold no secret.

    Raises:
        ValuesMissingError: A connection, a variable or a field is not there.
    """
    if not sources:
        return {}
    from airflow.sdk.log import mask_secret  # noqa: PLC0415 - the command line needs it rarely

    values: dict[str, str] = {}
    secret = find_secret_names(sources, not_secret)
    missing: list[str] = []
    for name, source in sources.items():
        try:
            value = _read(source)
        except _MissingError as error:
            missing.append(f"{name}: {error}")
            continue
        values[name] = value
        if name in secret or describe_secret(name, value, not_secret) is not None:
            mask_secret(value)
    if missing:
        # Several fields of one connection may be missing for the same reason.
        text = "\n".join(dict.fromkeys(missing))
        raise ValuesMissingError(
            RunResult(Outcome.FAILED, -1, Category.VARIABLE_MISSING, error=text)
        )
    return values


def find_secret_names(
    sources: Mapping[str, AirflowSource], not_secret: Collection[str]
) -> set[str]:
    """Return the names of variables that hold secrets, as far as that is known without values.

    Args:
        sources: Where their values are, by name of variable.
        not_secret: Names of variables that hold no secret.
    """
    return {
        name
        for name, source in sources.items()
        if source.connection is None or source.field not in PUBLIC_FIELDS or is_secret_name(name)
    }.difference(not_secret)


def build_masking_variables(
    env: Mapping[str, str], secret: Iterable[str], not_secret: Iterable[str]
) -> dict[str, str]:
    """Return the variables that name what the runner masks beyond its own rule, and what not.

    Args:
        env: The run's plain variables, which may name more.
        secret: Names of variables that hold secrets, whatever they look like.
        not_secret: Names of variables that hold none.
    """
    names = {
        SECRET_NAMES: join_names(env.get(SECRET_NAMES), ",".join(sorted(secret))),
        NOT_SECRET: join_names(env.get(NOT_SECRET), ",".join(sorted(not_secret))),
    }
    return {name: value for name, value in names.items() if value}


def _read(source: AirflowSource) -> str:
    if source.connection is not None:
        return _read_connection(source.connection, source.field or _DEFAULT_FIELD)
    return _read_variable(str(source.variable), source.key)


def _read_connection(conn_id: str, field: str) -> str:
    from airflow.sdk import Connection  # noqa: PLC0415 - as above
    from airflow.sdk.exceptions import AirflowNotFoundException  # noqa: PLC0415

    try:
        connection = Connection.get(conn_id)
    except AirflowNotFoundException:
        raise _MissingError(
            f"Airflow has no connection `{conn_id}`; create it in Airflow (Admin > Connections), "
            f"by `airflow connections add {conn_id} --conn-uri {_EXAMPLE_URI}`, or as the variable "
            f"AIRFLOW_CONN_{conn_id.upper()} of Airflow's environment"
        ) from None
    value = _get_field(connection, field)
    if value in (None, ""):
        raise _MissingError(
            f"the Airflow connection `{conn_id}` has no `{field}`; edit it in Airflow (Admin > "
            "Connections), or name another `field`"
        )
    return str(value)


def _get_field(connection: Any, field: str) -> object:  # noqa: ANN401 - Airflow's, of several kinds
    if field == _DEFAULT_FIELD:
        uri = str(connection.get_uri())
        # Airflow's scheme, which SQLAlchemy and others reject.
        return f"postgresql{uri.removeprefix('postgres')}" if uri[:11] == "postgres://" else uri
    if field.startswith("extra."):
        return _find_in_json(connection.extra_dejson, field.removeprefix("extra."))
    value: object = getattr(connection, field)
    return value


def _read_variable(variable: str, key: str | None) -> str:
    from airflow.sdk import Variable  # noqa: PLC0415 - as above

    found = Variable.get(variable, default=None)
    if found is None:
        raise _MissingError(
            f"Airflow has no variable `{variable}`; create it in Airflow (Admin > Variables), by "
            f"`airflow variables set {variable} VALUE`, or as AIRFLOW_VAR_{variable.upper()} of "
            "Airflow's environment"
        )
    if key is None:
        return str(found)
    try:
        data = json.loads(found)
    except ValueError:
        data = None
    value = _find_in_json(data, key)
    if value in (None, ""):
        keys = (
            f"; its keys are: {list_names(data)}" if isinstance(data, dict) else ", and is not JSON"
        )
        raise _MissingError(f"the Airflow variable `{variable}` has no key `{key}`{keys}")
    return str(value)


def _find_in_json(data: object, path: str) -> object:
    """Return a value of a structure by its key, or by keys joined with dots."""
    found: object = None
    if isinstance(data, dict):
        first, _, rest = path.partition(".")
        found = (
            data[path] if path in data else _find_in_json(data.get(first), rest) if rest else None
        )
    return json.dumps(found) if isinstance(found, dict | list | bool) else found
