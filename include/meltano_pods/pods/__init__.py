"""The Kubernetes launcher: a run as a pod of its own.

In the order of a run: `options` says what is wanted, `naming` what the pod is called, `build` makes
it from a file of k8s/pod_templates, `launch` creates or adopts it, `start` waits until it runs,
`follow` relays its log, `ending` reads how it ended with the help of `reasons` (pod statuses and
events) and `refusals` (answers of the API). `operator` is the Airflow task that does all this,
`reaper` removes what was kept or left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meltano_pods.pods.operator import MeltanoPodOperator

__all__ = ["MeltanoPodOperator"]


def __getattr__(name: str) -> object:
    # Lazy: the operator brings Kubernetes' client and Airflow's provider, which take a second to
    # import; what names, builds and explains pods needs neither.
    if name == "MeltanoPodOperator":
        from meltano_pods.pods.operator import MeltanoPodOperator  # noqa: PLC0415

        return MeltanoPodOperator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
