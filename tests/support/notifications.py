"""A failed run, and stand-ins for what Airflow hands to its callbacks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from meltano_pods.failures import RunFailedError, build_error
from meltano_pods.notify.notification import TaskTry
from meltano_runner.contract.categories import Category
from meltano_runner.contract.result import Outcome, PipelineResult, RunResult, StreamResult
from meltano_runner.contract.run_record import PodReport

from tests.support.records import make_record

DAG, RUN, TASK = "shop.daily", "manual__2026-01-02", "tap-csv-to-target-jsonl"
TRY = TaskTry(DAG, RUN, TASK, 3, 3, "https://airflow.example.org/log", ("kubectl get pods",))
STREAMS = (
    StreamResult("small", extracted=None, loaded=3),
    StreamResult("orders", 1200, 1100, "2026-01-02"),
)
RESULT = RunResult(
    Outcome.FAILED,
    1,
    Category.TARGET_FAILED,
    "target-jsonl",
    "PermissionError: output & {{ conn.smtp_default.password }}",
    extracted=1200,
    loaded=1103,
    seconds=4.14,
    pipelines=(
        PipelineResult(
            "tap-csv", "target-jsonl", "dev:x", state_saved=True, streams=STREAMS, streams_omitted=2
        ),
    ),
)


def failed(result: RunResult = RESULT) -> RunFailedError:
    """Return what a pod's operator raises."""
    look = ("kubectl --namespace meltano describe pod shop-a", "kubectl --namespace meltano logs")
    kubernetes = "Error: container meltano, exit code 1"
    return build_error(make_record(result, pod=PodReport("meltano/shop-a", kubernetes, look)))


class FakeTi:
    """A task instance that keeps its XComs to itself."""

    dag_id, task_id, run_id, map_index = DAG, TASK, RUN, -1
    log_url = TRY.log_url

    def __init__(self, try_number: int = 3, max_tries: int = 2) -> None:
        self.try_number, self.max_tries = try_number, max_tries
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value

    def xcom_pull(
        self, task_ids: str, key: str = "return_value", *, map_indexes: int | None = None
    ) -> Any:
        assert (task_ids, map_indexes) == (self.task_id, self.map_index)
        return self.xcoms.get(key)


def context(ti: FakeTi | None = None, **more: Any) -> Any:
    """Return Airflow's context of a callback."""
    dag = SimpleNamespace(dag_id=DAG, get_template_env=lambda **_: None)
    return {"dag": dag, "run_id": RUN, **({} if ti is None else {"ti": ti}), **more}
