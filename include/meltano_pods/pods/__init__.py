"""Execution mode `kubernetes`: each run is a pod.

`spec` builds a pod as a value, `lifecycle` takes it from its creation to its end in steps without
I/O, `cluster` performs the steps, `diagnose` explains what the cluster reports, and `airflow` is
the operator with its trigger, links and reaper. Only `airflow` and `cluster` import Airflow and the
Kubernetes client.
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
