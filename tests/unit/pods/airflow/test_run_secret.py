"""What Airflow holds for a run reaches its pod by a Secret of the pod's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from airflow.sdk.exceptions import TaskDeferred
from meltano_pods.failures import NonRetryableRunError, RunFailedError
from meltano_pods.pods.spec import naming
from meltano_pods.settings import Settings
from meltano_runner.contract.categories import Category
from meltano_runner.contract.environment import SECRET_NAMES

from tests.support.canaries import CANARY
from tests.support.fake_cluster import refusal
from tests.support.pods import RUNNING, ended, over, waits
from tests.unit.pods.airflow.runs import NAME, context, deferred, reenter

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_pods.pods import MeltanoPodOperator

    from tests.support.fake_cluster import FakeCluster
    from tests.unit.pods.airflow.runs import MakeTask

SOURCES = {
    "DB_PASSWORD": {"connection": "shop_db", "field": "password"},
    "DB_HOST": {"connection": "shop_db", "field": "host"},
}
VALUES = {"DB_PASSWORD": CANARY, "DB_HOST": "db.example.org"}


@pytest.fixture
def with_secret(
    task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., MeltanoPodOperator]:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", f"postgres://me:{CANARY}@db.example.org/shop")
    found = Settings.model_validate({"airflow_env": SOURCES})

    def make(**changes: Any) -> MeltanoPodOperator:
        made = task(airflow_env=found.airflow_env, **changes)
        made.airflow_env = found.airflow_env
        return made

    return make


def test_it_is_created_once_the_pod_is_there_and_is_the_pods(
    with_secret: Callable[..., MeltanoPodOperator],
    cluster: FakeCluster,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = context()
    result = with_secret().execute(told)
    (secret,) = cluster.secrets.values()
    (pod,) = cluster.created
    assert cluster.requests.index("create") < cluster.requests.index("create secret")
    assert secret["stringData"] == VALUES
    assert secret["immutable"] is True
    assert secret["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Pod", "name": NAME, "uid": pod["metadata"]["uid"]}
    ]
    assert secret["metadata"]["namespace"] == pod["metadata"]["namespace"]
    env = {each["name"]: each for each in pod["spec"]["containers"][0]["env"]}
    for name in SOURCES:
        reference = {"name": secret["metadata"]["name"], "key": name, "optional": False}
        assert env[name]["valueFrom"] == {"secretKeyRef": reference}
    assert env[SECRET_NAMES]["value"] == "DB_PASSWORD"
    assert CANARY not in json.dumps([pod, result, told["pushed"]]) + caplog.text


def test_a_pod_without_one_is_not_given_any(task: MakeTask, cluster: FakeCluster) -> None:
    task().execute(context())
    assert "create secret" not in cluster.requests
    assert naming.get_annotation(cluster.created[0], naming.SECRET) is None


def test_it_is_there_before_the_triggerer_waits(
    with_secret: Callable[..., MeltanoPodOperator], cluster: FakeCluster
) -> None:
    cluster.steps = [waits("ContainerCreating")]
    made = with_secret(deferrable=True)
    made.deferrable = True
    waiting = deferred(made)
    assert len(cluster.secrets) == 1
    assert CANARY not in str(waiting.trigger.serialize()) + str(waiting.kwargs)


def test_a_later_try_creates_what_an_earlier_one_could_not(
    with_secret: Callable[..., MeltanoPodOperator], cluster: FakeCluster
) -> None:
    made = with_secret()
    cluster.steps = [waits("CreateContainerConfigError", "killed here")]
    cluster.refuse_secrets = [KeyboardInterrupt()]  # type: ignore[list-item] # the worker dies
    with pytest.raises(KeyboardInterrupt):
        made.execute(context())
    assert not cluster.secrets
    cluster.steps = [RUNNING, over(ended())]
    with_secret().execute(context())
    assert len(cluster.created) == 1
    assert list(cluster.secrets) == [naming.get_annotation(cluster.created[0], naming.SECRET)]


def test_one_that_is_there_already_is_the_pods_own(
    with_secret: Callable[..., MeltanoPodOperator], cluster: FakeCluster
) -> None:
    cluster.refuse_secrets = [refusal(409, "already exists", "AlreadyExists")]
    assert with_secret().execute(context())["outcome"] == "succeeded"


def test_each_pod_has_a_name_of_its_own_for_it(
    with_secret: Callable[..., MeltanoPodOperator], cluster: FakeCluster
) -> None:
    specs = set()
    for _ in range(2):
        cluster.steps = [RUNNING, over(ended())]
        with_secret().execute(context())
        cluster.pods.clear()
        specs.add(naming.get_annotation(cluster.created[-1], naming.SPEC))
    assert len(cluster.secrets) == 2
    # Else the second could not take over the pod of the first.
    assert len(specs) == 1


@pytest.mark.parametrize(
    ("error", "category", "parts"),
    [
        (
            refusal(
                403, 'secrets is forbidden: User "sa" cannot create resource "secrets"', "Forbidden"
            ),
            Category.FORBIDDEN,
            ("grant `create` on `secrets`", "`rbac.launchers`", 'User "sa" cannot create'),
        ),
        (refusal(422, "too long", "Invalid"), Category.ADMISSION_DENIED, ("too long",)),
    ],
)
def test_a_refusal_is_explained_and_the_pod_goes(
    with_secret: Callable[..., MeltanoPodOperator],
    cluster: FakeCluster,
    error: Exception,
    category: Category,
    parts: tuple[str, ...],
) -> None:
    cluster.steps = [waits("ContainerCreating")]
    cluster.refuse_secrets = [error]
    with pytest.raises(RunFailedError) as caught:
        with_secret().execute(context())
    assert caught.value.category is category
    for part in parts:
        assert part in str(caught.value)
    assert not cluster.pods
    assert CANARY not in str(caught.value)


def test_what_is_missing_starts_no_pod(
    with_secret: Callable[..., MeltanoPodOperator],
    cluster: FakeCluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SHOP_DB")
    told = context()
    with pytest.raises(NonRetryableRunError, match="Airflow has no connection `shop_db`") as caught:
        with_secret().execute(told)
    assert caught.value.category is Category.VARIABLE_MISSING
    assert not cluster.created
    assert told["pushed"]["result"]["category"] == "variable_missing"
    assert "kubernetes:" not in str(caught.value)


def test_the_kubelet_may_look_before_it_is_there(
    with_secret: Callable[..., MeltanoPodOperator], cluster: FakeCluster
) -> None:
    made = with_secret()

    def not_yet() -> None:
        own = naming.get_annotation(cluster.created[0], naming.SECRET)
        text = f'secret "{own}" not found'
        cluster.steps[:0] = [waits("CreateContainerConfigError", text)] * 90

    cluster.steps = [not_yet, RUNNING, over(ended())]
    assert made.execute(context())["outcome"] == "succeeded"
    cluster.pods.clear()
    other = waits("CreateContainerConfigError", 'secret "another" not found')
    cluster.steps = [*[other] * 90, RUNNING, over(ended())]
    with pytest.raises(RunFailedError, match="secret_missing"):
        with_secret().execute(context())


def test_a_trigger_that_meets_that_is_followed_by_another(
    with_secret: Callable[..., MeltanoPodOperator], cluster: FakeCluster
) -> None:
    cluster.steps = [waits("ContainerCreating")]
    made = with_secret(deferrable=True)
    made.deferrable = True
    deferred(made)
    own = naming.get_annotation(cluster.created[0], naming.SECRET)
    cluster.steps = [waits("CreateContainerConfigError", f'secret "{own}" not found')]
    again = with_secret(deferrable=True)
    again.deferrable = True
    with pytest.raises(TaskDeferred):
        reenter(again, status="error", message="CreateContainerConfigError")
