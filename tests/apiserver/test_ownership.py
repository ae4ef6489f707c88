"""Claims and releases against a real API server: of two at the same moment only one succeeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("kubernetes")

from meltano_pods.pods.run.ownership import claim, get_owner, release
from meltano_pods.pods.spec import naming

from tests.apiserver.launching import NAME, RETRY, build, start, touch
from tests.support.pods import RUN

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernetes.client import CoreV1Api
    from meltano_pods.pods.cluster.api import Pods


def before_call(pods: Pods, method: str, action: Callable[[], object]) -> Pods:
    """Return the same pods, with `action` done once, right before the next call of `method`."""
    client = pods._client()
    real, todo = getattr(client, method), [action]

    def call(*arguments: object, **options: object) -> object:
        if todo:
            todo.pop()()
        return real(*arguments, **options)

    changed = type(client)(client.api_client)
    setattr(changed, method, call)
    return type(pods)(lambda: changed, pods.namespace)


def test_a_try_that_adopts_a_pod_owns_it_and_the_one_before_cannot_delete_it(pods: Pods) -> None:
    start(pods)

    adopted = start(pods, RETRY)

    assert adopted["metadata"]["name"] == NAME
    assert get_owner(adopted) == RETRY.ti_id
    assert not release(pods, NAME, RUN.ti_id)
    assert pods.get(NAME) is not None
    assert release(pods, NAME, RETRY.ti_id)
    assert pods.get(NAME) is None


def test_a_claim_right_before_a_release_wins(pods: Pods) -> None:
    pod = start(pods)
    claims: list[object] = []
    raced = before_call(
        pods, "delete_namespaced_pod", lambda: claims.append(claim(pods, pod, RETRY.ti_id))
    )

    assert not release(raced, NAME, RUN.ti_id)

    assert claims != [None]
    assert (kept := pods.get(NAME)) is not None
    assert get_owner(kept) == RETRY.ti_id


def test_a_release_right_before_a_claim_wins(pods: Pods) -> None:
    pod = start(pods)
    raced = before_call(pods, "patch_namespaced_pod", lambda: release(pods, NAME, RUN.ti_id))

    assert claim(raced, pod, RETRY.ti_id) is None
    assert start(pods, RETRY)["metadata"]["name"] == naming.build_pod_name(RETRY)


def test_a_change_of_the_status_hinders_neither(pods: Pods, admin: CoreV1Api) -> None:
    start(pods)

    raced = before_call(pods, "patch_namespaced_pod", lambda: touch(admin, pods.namespace))
    assert get_owner(start(raced, RETRY)) == RETRY.ti_id

    raced = before_call(pods, "delete_namespaced_pod", lambda: touch(admin, pods.namespace))
    assert release(raced, NAME, RETRY.ti_id)
    assert pods.get(NAME) is None


def test_a_pod_of_the_same_name_but_another_uid_is_not_deleted(pods: Pods) -> None:
    first = start(pods)
    assert release(pods, NAME, RUN.ti_id)
    start(pods)

    assert not pods.delete(NAME, uid=first["metadata"]["uid"])
    assert pods.get(NAME) is not None


def test_a_creation_whose_answer_was_lost_finds_its_pod(pods: Pods) -> None:
    raced = before_call(pods, "create_namespaced_pod", lambda: pods.create(build(pods.namespace)))

    assert get_owner(start(raced)) == RUN.ti_id
