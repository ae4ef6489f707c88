"""Execution mode `kubernetes`: a run as a pod of its own.

`spec` builds the pod a task wants, `run` takes it from creation to its end, `cluster` makes the
requests, `diagnose` explains what the cluster says, `airflow` is the operator with its trigger,
links and reaper. Only `airflow` imports Airflow, only it and `cluster` the Kubernetes client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meltano_pods.pods.airflow.operator import MeltanoPodOperator

__all__ = ["MeltanoPodOperator"]


def __getattr__(name: str) -> object:
    # Lazy: the operator brings Kubernetes' client and Airflow's provider, which take a second to
    # import; what names, builds and explains pods needs neither.
    if name == "MeltanoPodOperator":
        from meltano_pods.pods.airflow.operator import MeltanoPodOperator  # noqa: PLC0415

        return MeltanoPodOperator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
