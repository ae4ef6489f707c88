"""Loads the DAG files as `astro dev parse` does: what is not set here gets a placeholder.

That is what a DAG file reads at import time: environment variables (by `os.getenv`), Airflow
variables and connections. What is set, in `.env` for instance, keeps its value.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow import models, sdk
from airflow.dag_processing.dagbag import DagBag

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).resolve().parents[1]
_EXCEPTIONS = _ROOT / ".astro" / "dag_integrity_exceptions.txt"
_OWN_CODE = tuple(str(_ROOT / folder) for folder in ("dags", "include", "plugins"))
_UNSET: Any = object()


def load_dags() -> DagBag:
    """Return what Airflow makes of the files in dags/."""
    with _placeholders():
        return DagBag(str(_ROOT / "dags"))


def import_errors(bag: DagBag) -> dict[str, str]:
    """Return the error of each file that has one, but for those in dag_integrity_exceptions.txt.

    That file of the Astro CLI holds a path a line, such as `dags/generated.py`.
    """
    exempt = _EXCEPTIONS.read_text().split("\n") if _EXCEPTIONS.is_file() else []
    files = {str(Path(file).relative_to(_ROOT)): file for file in bag.import_errors}
    names = sorted(files.keys() - {line.strip() for line in exempt})
    return {name: bag.import_errors[files[name]] for name in names}


@contextmanager
def _placeholders() -> Iterator[None]:
    """Have them while files are imported, no longer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "getenv", _getenv)
        for variables in (sdk.Variable, models.Variable):
            patch.setattr(variables, "get", staticmethod(_variable(variables.get)))
        for connections, name in (
            (sdk.Connection, "get"),
            (models.Connection, "get_connection_from_secrets"),
        ):
            real = getattr(connections, name)
            patch.setattr(connections, name, staticmethod(_connection(connections, real)))
        yield


def _getenv(key: str, default: Any = None) -> Any:
    value = os.environ.get(key, default)
    # For the project's own code alone: libraries go by variables that are not set.
    if value is None and sys._getframe(1).f_code.co_filename.startswith(_OWN_CODE):  # noqa: SLF001
        return _placeholder(key)
    return value


def _variable(real: Any) -> Any:
    def get(key: str, default: Any = _UNSET, deserialize_json: bool = False, **options: Any) -> Any:
        if f"AIRFLOW_VAR_{key.upper()}" in os.environ:
            return real(key, deserialize_json=deserialize_json)
        default = options.get("default_var", default)
        if default is not _UNSET:
            return default
        return _Anything() if deserialize_json else _placeholder(key)

    return get


def _connection(kind: Any, real: Any) -> Any:
    def get(conn_id: str, **_: Any) -> Any:
        known = f"AIRFLOW_CONN_{conn_id.upper()}" in os.environ
        return real(conn_id) if known else kind(conn_id=conn_id)

    return get


def _placeholder(key: str) -> str:
    return f"MOCKED_{key.upper()}_VALUE"


class _Anything(dict[str, Any]):
    """An Airflow variable that holds JSON, as long as only its keys are read."""

    def __missing__(self, key: str) -> str:
        return _placeholder(key)
