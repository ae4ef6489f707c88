"""Quotas as a real API server enforces them. Nothing counts here but what the test writes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("kubernetes")

from meltano_pods.pods.diagnose.api_errors import ApiError, can_pass, diagnose_api_error
from meltano_runner.contract.categories import Category

from tests.apiserver.launching import LOG, NAME, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernetes.client import CoreV1Api
    from meltano_pods.pods.cluster.driver import ClusterDriver


def set_quota(admin: CoreV1Api, namespace: str, hard: dict[str, str], used: dict[str, str]) -> None:
    """Create a quota, and count as a cluster's controller does."""
    body = {"metadata": {"name": "small"}, "spec": {"hard": hard}}
    admin.create_namespaced_resource_quota(namespace, body)
    admin.patch_namespaced_resource_quota_status(
        "small", namespace, {"status": {"hard": hard, "used": used}}
    )


class Meanwhile(logging.Handler):
    """Does something once the task logs."""

    def __init__(self, action: Callable[[], object]) -> None:
        super().__init__(logging.WARNING)
        self.action = action
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        self.action()


def test_a_full_quota_is_waited_for(pods: ClusterDriver, admin: CoreV1Api) -> None:
    set_quota(admin, pods.namespace, {"pods": "2"}, {"pods": "2"})
    handler = Meanwhile(lambda: admin.delete_namespaced_resource_quota("small", pods.namespace))
    LOG.addHandler(handler)
    try:
        assert start(pods)["metadata"]["name"] == NAME
    finally:
        LOG.removeHandler(handler)
    (line,) = handler.lines
    assert "exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2" in line


@pytest.mark.parametrize("hard", [{"requests.memory": "1Mi"}, {"limits.cpu": "1"}, {"pods": "0"}])
def test_a_quota_that_never_lets_the_pod_in_fails_at_once(
    pods: ClusterDriver, admin: CoreV1Api, hard: dict[str, str]
) -> None:
    set_quota(admin, pods.namespace, hard, dict.fromkeys(hard, "0"))
    with pytest.raises(ApiError) as caught:
        start(pods)
    assert not can_pass(caught.value)
    assert diagnose_api_error(caught.value).category is Category.QUOTA_EXCEEDED
