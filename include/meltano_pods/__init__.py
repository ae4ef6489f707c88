"""Meltano projects as Airflow DAGs.

A project's DAG file is two lines::

    from meltano_pods import airflow_dags

    airflow_dags(__file__)

In a custom DAG, `meltano_task` creates a task of a project, and `MeltanoPodOperator` one that
always runs as a pod.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meltano_pods.dags import airflow_dags, meltano_task
    from meltano_pods.pods import MeltanoPodOperator

__all__ = ["MeltanoPodOperator", "airflow_dags", "meltano_task"]


def __getattr__(name: str) -> object:
    # Lazy: the project reader and the plan are of use where Airflow is not installed, and importing
    # Airflow takes seconds, the operator of pods a second more.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "meltano_pods.pods" if name == "MeltanoPodOperator" else "meltano_pods.dags"
    return getattr(importlib.import_module(home), name)
