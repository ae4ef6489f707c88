"""Each try claims its pod and only its owner deletes it, also where both happen at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("kubernetes")

from meltano_pods.pods.lifecycle.actions import ReadPod
from meltano_pods.pods.lifecycle.ownership import claim, get_owner, release
from meltano_pods.pods.spec import naming

from tests.support.fake_cluster import FakeCluster
from tests.support.pods import RUN, RUNNING
from tests.unit.pods.lifecycle.test_launch import RETRY, driver, start, there

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def cluster() -> FakeCluster:
    cluster = FakeCluster()
    there(cluster, RUN, RUNNING, resourceVersion="1")
    return cluster


NAME = naming.build_pod_name(RUN)


def touch(cluster: FakeCluster) -> Callable[[], None]:
    """Return what the kubelet does all the time."""
    return lambda: cluster.pods[NAME]["metadata"].update(resourceVersion="7")


def test_a_try_that_adopts_a_pod_owns_it_and_the_one_before_no_longer_deletes_it(
    cluster: FakeCluster,
) -> None:
    assert start(cluster) == NAME
    assert get_owner(cluster.pods[NAME]) == RETRY.ti_id
    assert not driver(cluster).drive(release(NAME, RUN.ti_id))
    assert NAME in cluster.pods
    assert driver(cluster).drive(release(NAME, RETRY.ti_id, grace=9))
    assert cluster.deletions[0][1]["gracePeriodSeconds"] == 9


def test_a_claim_in_the_moment_of_a_release(cluster: FakeCluster) -> None:
    read = driver(cluster).perform(ReadPod(NAME))

    def interfere() -> None:
        assert driver(cluster).drive(claim(read, RETRY.ti_id)) is not None

    cluster.interfere = [interfere]
    assert not driver(cluster).drive(release(NAME, RUN.ti_id))
    assert get_owner(cluster.pods[NAME]) == RETRY.ti_id


def test_a_release_in_the_moment_of_a_claim(cluster: FakeCluster) -> None:
    # The pod is gone when it is to be claimed: the try makes one of its own.
    cluster.interfere = [cluster.pods.clear]
    assert start(cluster) == naming.build_pod_name(RETRY)
    assert list(cluster.pods) == [naming.build_pod_name(RETRY)]


def test_a_pod_that_changes_otherwise_meanwhile(cluster: FakeCluster) -> None:
    cluster.interfere = [touch(cluster)]
    assert start(cluster) == NAME
    cluster.interfere = [touch(cluster)]
    assert driver(cluster).drive(release(NAME, RETRY.ti_id))
    assert cluster.pods == {}
