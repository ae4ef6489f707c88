"""The watch beside the log has the driver's credentials, also after they were read again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("kubernetes")

from meltano_pods.pods.cluster.driver import ClusterDriver
from meltano_pods.pods.lifecycle.actions import ReadPod
from meltano_pods.pods.lifecycle.observation import Observation

from tests.support.fake_cluster import FakeCluster, refusal
from tests.support.pods import ended, over, pod
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def test_both_read_expired_credentials_again(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = FakeCluster(), FakeCluster()
    made: list[FakeCluster] = []

    def connect() -> Any:
        made.append(new if made else old)
        return made[-1]

    class FakeWatch:
        def stream(self, method: Callable[..., Any], *_: object, **__: object) -> Iterator[Any]:
            api = method.__self__  # type: ignore[attr-defined]
            if api is old:
                raise refusal(401)
            yield {"type": "DELETED", "raw_object": pod(None, **over(ended()))}

        def stop(self) -> None:
            """There is nothing to stop."""

    monkeypatch.setattr("kubernetes.watch.Watch", FakeWatch)
    monkeypatch.setattr(old, "read_namespaced_pod", lambda *_, **__: pytest.fail("old client"))
    driver = ClusterDriver(connect, "meltano", logging.getLogger("watch"))
    observation = Observation("shop-x-1")
    with driver.watching(observation):
        wait_for("the watch", lambda: observation.has_ended, seconds=20)
    assert driver.perform(ReadPod("shop-x-1")) is None
    assert made == [old, new]
