"""The triggerer waits for a pod, and deletes it only for its own try once that is over."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("airflow.providers.cncf.kubernetes")

from kubernetes_asyncio.client.exceptions import ApiException
from meltano_pods.pods.airflow.trigger import RunPodTrigger
from meltano_pods.pods.cluster import async_driver
from meltano_pods.pods.spec import naming

from tests.support.pods import RUNNING, ended, over, waits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

WANTED: dict[str, Any] = {
    "name": "pod", "namespace": "meltano", "ti_id": "mine", "start_timeout": 600.0,
    "grace_period": 30, "poll_interval": 2.0, "began": 1_000.0, "deadline": None, "resumptions": 0,
}  # fmt: skip


class FakeApi:
    """A pod of a try, what happens to it, and to its trigger.

    Attributes:
        owner: The try that it belongs to.
        steps: Its status at each look, the last one lasts; an error to raise; None for gone.
        answers: Statuses of the answers to its deletion, before the one that works.
        deleted: The options of deletions.
        connections: How many were made.
    """

    def __init__(self, owner: str = "mine", *steps: Any) -> None:
        self.owner = owner
        self.steps = list(steps) or [RUNNING]
        self.answers: list[int] = []
        self.deleted: list[Any] = []
        self.connections = 0

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[FakeApi]:
        self.connections += 1
        yield self

    def sanitize_for_serialization(self, thing: Any) -> Any:
        return thing

    async def read_namespaced_pod(self, *_: object, **__: object) -> Any:
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, int):
            raise ApiException(status=step)
        if step is None:
            raise ApiException(status=404)
        annotations = {naming.TI_ID: self.owner}
        metadata = {"uid": "u", "resourceVersion": "3", "annotations": annotations}
        return {"metadata": metadata, "status": step}

    async def list_namespaced_event(self, *_: object, **__: object) -> Any:
        return SimpleNamespace(items=[])

    async def delete_namespaced_pod(self, *_: object, body: Any, **__: object) -> None:
        if self.answers:
            raise ApiException(status=self.answers.pop(0))
        self.deleted.append(body)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeApi]:
    """Return what makes an API the one that triggers reach, in a time of its own."""
    now = [WANTED["began"]]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(async_driver, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(async_driver, "time", SimpleNamespace(time=lambda: now[0]))
    monkeypatch.setattr(async_driver, "CoreV1Api", lambda client: client)

    def use(api: FakeApi) -> FakeApi:
        hook = SimpleNamespace(get_conn=api.connect)
        monkeypatch.setattr(
            "meltano_pods.pods.airflow.trigger.AsyncKubernetesHook", lambda **_: hook
        )
        return api

    return use


def waited(**changes: Any) -> dict[str, Any]:
    """Return the payload of the one event of a trigger."""

    async def run() -> list[Any]:
        return [event.payload async for event in RunPodTrigger(WANTED | changes, {}).run()]

    (payload,) = asyncio.run(run())
    assert (payload["name"], payload["namespace"]) == ("pod", "meltano")
    found: dict[str, Any] = payload
    return found


@pytest.mark.parametrize("last", [over(ended()), over(ended(1)), None])
def test_an_end_is_reported_whatever_it_is(
    use: Callable[..., FakeApi], last: dict[str, Any] | None
) -> None:
    api = use(FakeApi("mine", waits("ContainerCreating"), RUNNING, RUNNING, last))
    assert waited()["status"] == "ended"
    assert api.connections == 1  # one for the whole wait


def test_expired_credentials_are_read_again(use: Callable[..., FakeApi]) -> None:
    api = use(FakeApi("mine", RUNNING, 401, RUNNING, over(ended())))
    assert waited()["status"] == "ended"
    assert api.connections == 2


def test_an_api_server_that_is_away_for_minutes_is_waited_for(
    use: Callable[..., FakeApi],
) -> None:
    use(FakeApi("mine", RUNNING, *[503] * 40, over(ended())))
    assert waited()["status"] == "ended"
    use(FakeApi("mine", RUNNING, 503))
    assert waited()["status"] == "error"


def test_a_pod_that_does_not_start(use: Callable[..., FakeApi]) -> None:
    use(FakeApi("mine", waits("ImagePullBackOff", "no such image")))
    assert "no such image" in waited()["message"]
    use(FakeApi("mine", waits("ContainerCreating")))
    assert waited()["status"] == "not_started"
    assert waited(deadline=WANTED["began"])["status"] == "timeout"


def test_the_deadline_of_the_task(use: Callable[..., FakeApi]) -> None:
    use(FakeApi("mine", RUNNING))
    assert waited(deadline=WANTED["began"] + 60)["status"] == "timeout"


def test_a_node_that_stopped_answering_is_not_waited_for_for_ever(
    use: Callable[..., FakeApi], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = use(FakeApi("mine", RUNNING))
    real = api.read_namespaced_pod

    async def read(*_: object, **__: object) -> Any:
        pod = await real()
        pod["metadata"]["deletionTimestamp"] = "1970-01-01T00:16:00Z"
        return pod

    monkeypatch.setattr(api, "read_namespaced_pod", read)
    assert waited()["status"] == "ended"


def test_an_error_never_ends_the_triggerer(
    use: Callable[..., FakeApi], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = use(FakeApi())

    def connect() -> None:
        raise ValueError("no kubeconfig")

    monkeypatch.setattr(api, "connect", connect)
    use(api)
    assert waited()["message"] == "ValueError: no kubeconfig"


def kill(api: FakeApi, state: str | None, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    async def read_state(_: object) -> str | None:
        return state

    monkeypatch.setattr(RunPodTrigger, "_read_state", read_state)
    asyncio.run(RunPodTrigger(WANTED, {}).on_kill())
    return api


@pytest.mark.parametrize("state", ["failed", "success", "queued", "running", None])
def test_a_try_that_is_over_takes_its_pod_along(
    use: Callable[..., FakeApi], monkeypatch: pytest.MonkeyPatch, state: str | None
) -> None:
    (body,) = kill(use(FakeApi()), state, monkeypatch).deleted
    assert body == {
        "gracePeriodSeconds": 30,
        "preconditions": {"uid": "u", "resourceVersion": "3"},
    }


def test_a_later_trys_pod_is_left_alone(
    use: Callable[..., FakeApi], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not kill(use(FakeApi("later")), "running", monkeypatch).deleted


def test_a_trigger_that_only_moves_leaves_its_pod_alone(
    use: Callable[..., FakeApi], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not kill(use(FakeApi()), "deferred", monkeypatch).deleted


@pytest.mark.parametrize(("answer", "times"), [(409, 1), (404, 0), (403, 0)])
def test_what_is_in_the_way(
    use: Callable[..., FakeApi], monkeypatch: pytest.MonkeyPatch, answer: int, times: int
) -> None:
    # A conflict is looked at again; what is gone is gone; trouble never ends the triggerer.
    api = use(FakeApi())
    api.answers = [answer]
    assert len(kill(api, "failed", monkeypatch).deleted) == times


def test_it_survives_its_way_to_the_triggerer() -> None:
    path, arguments = RunPodTrigger(WANTED, {"conn_id": "k"}).serialize()
    assert path == "meltano_pods.pods.airflow.trigger.RunPodTrigger"
    assert RunPodTrigger(**arguments).serialize() == (path, arguments)
