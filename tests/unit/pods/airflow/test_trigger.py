"""The triggerer deletes a pod only for its own try, and only once that is over."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from kubernetes_asyncio.client.exceptions import ApiException
from meltano_pods.pods.airflow.trigger import RunPodTrigger
from meltano_pods.pods.spec import naming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class FakeApi:
    """A pod of an attempt, and what happens when it is deleted."""

    def __init__(self, owner: str, answers: list[int]) -> None:
        self.owner = owner
        self.answers = answers
        self.deleted: list[Any] = []

    def __call__(self, _connection: object) -> FakeApi:
        return self

    async def read_namespaced_pod(self, *_: object) -> Any:
        metadata = {
            "uid": "u",
            "resource_version": "3",
            "annotations": {naming.TI_ID: self.owner},
        }
        return SimpleNamespace(metadata=SimpleNamespace(**metadata))

    async def delete_namespaced_pod(self, _name: str, _namespace: str, body: Any) -> None:
        if self.answers:
            raise ApiException(status=self.answers.pop(0))
        self.deleted.append(body)


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeApi]:
    def kill(owner: str, state: str, *answers: int) -> FakeApi:
        api = FakeApi(owner, list(answers))

        @asynccontextmanager
        async def connection() -> AsyncIterator[None]:
            yield

        async def get_task_state(_: object) -> str:
            return state

        monkeypatch.setattr("kubernetes_asyncio.client.CoreV1Api", api)
        monkeypatch.setattr(RunPodTrigger, "get_task_state", get_task_state)
        made = waiting()
        monkeypatch.setitem(made.__dict__, "hook", SimpleNamespace(get_conn=connection))
        asyncio.run(made.on_kill())
        return api

    return kill


def waiting() -> RunPodTrigger:
    return RunPodTrigger(
        ti_id="mine",
        pod_name="pod",
        pod_namespace="meltano",
        trigger_start_time=datetime.now(UTC),
        base_container_name="meltano",
        termination_grace_period=30,
    )


@pytest.mark.parametrize("state", ["failed", "success", "queued", "running", None])
def test_a_try_that_is_over_takes_its_pod_along(
    kill: Callable[..., FakeApi], state: str | None
) -> None:
    (body,) = kill("mine", state).deleted
    assert body.grace_period_seconds == 30
    assert (body.preconditions.uid, body.preconditions.resource_version) == ("u", "3")


def test_a_later_trys_pod_is_left_alone(kill: Callable[..., FakeApi]) -> None:
    assert not kill("later", "running").deleted


def test_a_trigger_that_only_moves_leaves_its_pod_alone(kill: Callable[..., FakeApi]) -> None:
    assert not kill("mine", "deferred").deleted


@pytest.mark.parametrize(("answer", "times"), [(409, 1), (404, 0), (500, 0)])
def test_what_is_in_the_way(kill: Callable[..., FakeApi], answer: int, times: int) -> None:
    # A conflict is looked at again; what is gone is gone; trouble never ends the triggerer.
    assert len(kill("mine", "failed", answer).deleted) == times


def test_it_survives_its_way_to_the_triggerer() -> None:
    path, arguments = waiting().serialize()
    assert path == "meltano_pods.pods.airflow.trigger.RunPodTrigger"
    assert RunPodTrigger(**arguments).serialize() == (path, arguments)
