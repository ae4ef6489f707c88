"""A task of the pods' operator, in a cluster and a time of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import dag_runs
from tests.support.clock import Clock
from tests.support.pods import RUNNING, ended, options, over
from tests.support.tasks import planned

if TYPE_CHECKING:
    from meltano_pods.pods import MeltanoPodOperator

    from tests.support.fake_cluster import FakeCluster
    from tests.unit.pods.airflow.runs import MakeTask


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    from meltano_pods.pods import MeltanoPodOperator  # noqa: PLC0415 - needs the provider

    clock = Clock()
    monkeypatch.setattr("meltano_pods.pods.cluster.driver.time", clock)
    monkeypatch.setattr(MeltanoPodOperator, "log", logging.getLogger("task of this test"))
    return clock


@pytest.fixture
def cluster() -> FakeCluster:
    from tests.support.fake_cluster import FakeCluster  # noqa: PLC0415 - as above

    return FakeCluster(steps=[RUNNING, over(ended())])


@pytest.fixture
def task(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> MakeTask:
    from meltano_pods.pods import MeltanoPodOperator  # noqa: PLC0415

    monkeypatch.setattr("meltano_pods.pods.airflow.operator.connect", lambda _: cluster)
    # That of `RUN`. What Airflow stores is the subject of test_identity.py.
    monkeypatch.setattr("meltano_pods.pods.airflow.operator.read_deployment_id", lambda _: "")

    def make(env: dict[str, str] | None = None, **changes: Any) -> MeltanoPodOperator:
        monkeypatch.setattr(
            "meltano_pods.pods.airflow.operator.build_pod_options", lambda *_: options(**changes)
        )
        run = planned("tap-a", "target-b", environment="prod", env=env)
        return MeltanoPodOperator(
            task_id="tap-a-to-target-b",
            project=run.project.folder,
            run=run,
            choices=dag_runs.choices(),
        )

    return make
