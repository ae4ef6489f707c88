"""What the tests of the pods' operator share."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from meltano_pods.pods.spec import naming

from tests.support import dag_runs
from tests.support.pods import RUN

if TYPE_CHECKING:
    from meltano_pods.pods import MeltanoPodOperator

MakeTask = Callable[..., "MeltanoPodOperator"]
NAME = naming.build_pod_name(RUN)


def context(**params: Any) -> Any:
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(
        dag_id="shop.daily", task_id="tap-a-to-target-b", run_id="run1", map_index=-1,
        try_number=1, max_tries=2, id="attempt-1", start_date=None,
        xcom_push=lambda key, value: pushed.update({key: value}),
    )  # fmt: skip
    return {**dag_runs.context(ti, **params), "pushed": pushed}


def deferred(made: MeltanoPodOperator) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        made.execute(context())
    return caught.value


def reenter(made: MeltanoPodOperator, **event: Any) -> dict[str, Any]:
    return made.trigger_reentry(
        context(), {"status": "ended", "name": NAME, "namespace": "meltano", **event}
    )
