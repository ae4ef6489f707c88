"""The id by which an Airflow knows its pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from meltano_pods.pods.airflow.identity import DEPLOYMENT_ID_VARIABLE, read_deployment_id
from meltano_pods.pods.spec import naming

from tests.unit.pods.airflow.runs import context

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.fake_cluster import FakeCluster
    from tests.unit.pods.airflow.runs import MakeTask

MODULE = "meltano_pods.pods.airflow.identity"


class Database:
    """The variables of one Airflow."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.sleeps: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def get(self, key: str, default: str | None = None) -> str | None:
        return self.variables.get(key, default)

    def set(self, key: str, value: str, description: str) -> None:
        assert "docs/how-to/kubernetes.md" in description
        self.variables[key] = value

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.meanwhile()


def use(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(f"{MODULE}.Variable", database)
    monkeypatch.setattr(f"{MODULE}.time", database)
    return database


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    return use(Database(), monkeypatch)


def test_the_setting_comes_first(database: Database) -> None:
    assert read_deployment_id("prod") == "prod"
    assert database.variables == {}


def test_the_first_task_creates_an_id_and_all_others_read_it(database: Database) -> None:
    first = read_deployment_id("")
    assert naming.to_label(first) == first
    assert len(database.sleeps) == 1
    assert database.variables == {DEPLOYMENT_ID_VARIABLE: first}
    assert read_deployment_id("") == first
    assert len(database.sleeps) == 1


def test_two_airflows_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = set()
    for _ in range(2):
        use(Database(), monkeypatch)
        ids.add(read_deployment_id(""))
    assert len(ids) == 2


def test_two_tasks_that_create_it_at_once_agree(database: Database) -> None:
    def other_task_stores_its_own() -> None:
        database.variables[DEPLOYMENT_ID_VARIABLE] = "other"

    database.meanwhile = other_task_stores_its_own
    assert read_deployment_id("") == "other"


def test_a_pod_has_the_id_of_its_airflow(
    task: MakeTask, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured: list[str] = []

    def read(setting: str) -> str:
        configured.append(setting)
        return "this-airflow"

    monkeypatch.setattr("meltano_pods.pods.airflow.operator.read_deployment_id", read)
    task(deployment="").execute(context())
    (pod,) = cluster.created
    assert pod["metadata"]["labels"][naming.DEPLOYMENT] == "this-airflow"
    assert configured == [""]
