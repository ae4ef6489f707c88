"""Claims and releases against a real API server: of two at the same moment only one succeeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("kubernetes")

from meltano_pods.pods.lifecycle.actions import CreatePod, DeletePod, ListPods, ReadPod
from meltano_pods.pods.lifecycle.ownership import claim, get_owner, release
from meltano_pods.pods.lifecycle.reap import reap
from meltano_pods.pods.spec import naming

from tests.apiserver.launching import LOG, NAME, RETRY, build, finish, start, touch
from tests.support.pods import RUN

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernetes.client import CoreV1Api
    from meltano_pods.pods.cluster.driver import ClusterDriver


def before_call(pods: ClusterDriver, method: str, action: Callable[[], object]) -> ClusterDriver:
    """Return the same pods, with `action` done once, right before the next call of `method`."""
    todo = [action]

    def change(api: CoreV1Api) -> CoreV1Api:
        real, changed = getattr(api, method), type(api)(api.api_client)

        def call(*arguments: object, **options: object) -> object:
            if todo:
                todo.pop()()
            return real(*arguments, **options)

        setattr(changed, method, call)
        return changed

    return type(pods)(lambda: pods.call(change), pods.namespace, LOG)


def test_a_try_that_adopts_a_pod_owns_it_and_the_one_before_cannot_delete_it(
    pods: ClusterDriver,
) -> None:
    start(pods)

    adopted = start(pods, RETRY)

    assert adopted["metadata"]["name"] == NAME
    assert get_owner(adopted) == RETRY.ti_id
    assert not pods.drive(release(NAME, RUN.ti_id))
    assert pods.perform(ReadPod(NAME)) is not None
    assert pods.drive(release(NAME, RETRY.ti_id))
    assert pods.perform(ReadPod(NAME)) is None


def test_a_claim_right_before_a_release_wins(pods: ClusterDriver) -> None:
    pod = start(pods)
    claims: list[object] = []
    raced = before_call(
        pods, "delete_namespaced_pod", lambda: claims.append(pods.drive(claim(pod, RETRY.ti_id)))
    )

    assert not raced.drive(release(NAME, RUN.ti_id))

    assert claims != [None]
    assert (kept := pods.perform(ReadPod(NAME))) is not None
    assert get_owner(kept) == RETRY.ti_id


def test_a_release_right_before_a_claim_wins(pods: ClusterDriver) -> None:
    pod = start(pods)
    raced = before_call(pods, "patch_namespaced_pod", lambda: pods.drive(release(NAME, RUN.ti_id)))

    assert raced.drive(claim(pod, RETRY.ti_id)) is None
    assert start(pods, RETRY)["metadata"]["name"] == naming.build_pod_name(RETRY)


def test_a_change_of_the_status_hinders_neither(pods: ClusterDriver, admin: CoreV1Api) -> None:
    start(pods)

    raced = before_call(pods, "patch_namespaced_pod", lambda: touch(admin, pods.namespace))
    assert get_owner(start(raced, RETRY)) == RETRY.ti_id

    raced = before_call(pods, "delete_namespaced_pod", lambda: touch(admin, pods.namespace))
    assert raced.drive(release(NAME, RETRY.ti_id))
    assert pods.perform(ReadPod(NAME)) is None


def test_a_pod_of_the_same_name_but_another_uid_is_not_deleted(pods: ClusterDriver) -> None:
    first = start(pods)
    assert pods.drive(release(NAME, RUN.ti_id))
    start(pods)

    assert not pods.perform(DeletePod(NAME, uid=first["metadata"]["uid"]))
    assert pods.perform(ReadPod(NAME)) is not None


def test_a_creation_whose_answer_was_lost_finds_its_pod(pods: ClusterDriver) -> None:
    raced = before_call(
        pods, "create_namespaced_pod", lambda: pods.perform(CreatePod(build(pods.namespace)))
    )

    assert get_owner(start(raced)) == RUN.ti_id


def test_two_airflows_with_the_same_dags_and_dates_never_touch_each_others_pods(
    pods: ClusterDriver, admin: CoreV1Api
) -> None:
    ours, theirs = (replace(RUN, deployment=each, ti_id=each) for each in ("ours", "theirs"))
    by_hand = replace(RUN, ti_id="cli")
    names = [start(pods, each)["metadata"]["name"] for each in (ours, theirs, by_hand)]
    assert len(set(names)) == 3
    late = datetime.now(UTC) + timedelta(days=1)

    retry = replace(ours, try_number=2, ti_id="ours-2")
    assert start(pods, retry)["metadata"]["name"] == names[0]
    removed = pods.drive(reap(now=late, log=LOG, deployment="ours", is_over=lambda _: True))

    assert list(removed) == [names[0]]
    left = [each["metadata"]["name"] for each in pods.perform(ListPods(naming.SELECTOR))]
    assert sorted(left) == sorted(names[1:])
    # That of the command line, once it has ended and was kept: it has no other reaper.
    finish(admin, pods.namespace, names[2])
    finish(admin, pods.namespace, names[1])
    assert list(pods.drive(reap(now=late, log=LOG, deployment="ours"))) == [names[2]]
