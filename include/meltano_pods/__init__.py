"""Meltano projects as Airflow DAGs.

A project's DAG file is two lines::

    from meltano_pods import airflow_dags

    airflow_dags(__file__)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meltano_pods.dags import airflow_dags

__all__ = ["airflow_dags"]


def __getattr__(name: str) -> object:
    # Lazy: the project reader and the plan are of use where Airflow is not installed, and importing
    # Airflow takes seconds.
    if name == "airflow_dags":
        from meltano_pods.dags import airflow_dags  # noqa: PLC0415

        return airflow_dags
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
