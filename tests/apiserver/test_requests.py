"""The API requests of a run are valid, and permitted by the chart's role."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("kubernetes")

from kubernetes.client.exceptions import ApiException
from meltano_pods.pods.cluster.watch import watch_pod
from meltano_pods.pods.diagnose.api_errors import ApiError, diagnose_api_error
from meltano_pods.pods.lifecycle.actions import CreatePod, DeletePod, ListEvents, ListPods
from meltano_pods.pods.lifecycle.create import WaitPolicy
from meltano_pods.pods.lifecycle.reap import reap
from meltano_pods.pods.lifecycle.run_secret import create_run_secret
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.build import RunSpec, build_pod
from meltano_pods.pods.spec.template import read_template
from meltano_pods.settings.types.env import AirflowSource
from meltano_runner.contract.categories import Category

from tests.apiserver.launching import LOG, NAME, build, finish, start
from tests.support.pods import RUN, SMALL, TEMPLATES, options
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kubernetes.client import CoreV1Api
    from meltano_pods.pods.cluster.driver import ClusterDriver

_SPEC = RunSpec(("run", "a", "b"), None, {}, nonce="abc")


@pytest.mark.parametrize(
    "template", [TEMPLATES / f"{name}.yaml" for name in ("astro", "default", "kind")], ids=str
)
def test_pods_of_every_template_meet_the_restricted_standard(
    admin: CoreV1Api, pods: ClusterDriver, template: Path
) -> None:
    restrict(admin, pods.namespace)
    wanted = options(namespace=pods.namespace, template=template, image="registry.example.com/m:1")

    created = pods.perform(CreatePod(build_pod(read_template(template), wanted, _SPEC, RUN)))

    assert created["status"]["phase"] == "Pending"


def test_a_pod_that_the_standard_forbids_is_reported_as_denied(
    admin: CoreV1Api, pods: ClusterDriver
) -> None:
    restrict(admin, pods.namespace)
    wanted = options(namespace=pods.namespace, override={"spec": {"hostNetwork": True}})

    with pytest.raises(ApiError) as caught:
        pods.perform(CreatePod(build_pod(SMALL, wanted, _SPEC, RUN)))

    finding = diagnose_api_error(caught.value)
    assert finding.category is Category.ADMISSION_DENIED
    assert "hostNetwork" in finding.message


def test_requests_without_rights_are_reported_as_forbidden(pods: ClusterDriver) -> None:
    elsewhere = type(pods)(lambda: pods.call(lambda api: api), "default", LOG)

    with pytest.raises(ApiError) as caught:
        elsewhere.perform(CreatePod(build("default")))

    assert diagnose_api_error(caught.value).category is Category.FORBIDDEN


def test_the_secret_of_a_run_is_owned_by_its_pod_and_cannot_be_read_back(
    admin: CoreV1Api, pods: ClusterDriver
) -> None:
    wanted = options(
        namespace=pods.namespace, airflow_env={"TAP_PASSWORD": AirflowSource(variable="password")}
    )
    pod = pods.perform(CreatePod(build_pod(SMALL, wanted, _SPEC, RUN)))
    name = naming.get_annotation(pod, naming.SECRET)
    assert name is not None

    values = {"TAP_PASSWORD": "hunter2"}
    for _ in range(2):  # the second time as after an answer that was lost
        pods.drive(create_run_secret(pod, values, WaitPolicy(600, lambda: False, LOG)))

    secret: Any = admin.read_namespaced_secret(name, pods.namespace)
    assert secret.immutable
    assert [each.uid for each in secret.metadata.owner_references] == [pod["metadata"]["uid"]]
    with pytest.raises(ApiException, match="403"):
        pods.call(lambda api: api).read_namespaced_secret(name, pods.namespace)
    with pytest.raises(ApiException, match="403"):
        pods.call(lambda api: api).list_namespaced_secret(pods.namespace)


def test_the_watch_sees_every_state_up_to_the_deletion(
    admin: CoreV1Api, pods: ClusterDriver
) -> None:
    start(pods)
    seen: list[Mapping[str, Any]] = []

    with watch_pod(pods.call, pods.namespace, NAME, seen.append):
        wait_for("the watch", lambda: seen or None, seconds=20)
        finish(admin, pods.namespace)
        pods.perform(DeletePod(NAME))
        wait_for("the deletion", lambda: len(seen) >= 3 or None, seconds=20)

    terminated = seen[-1]["status"]["containerStatuses"][0]["state"]["terminated"]
    assert terminated["exitCode"] == 137


def test_events_are_those_of_the_pod(admin: CoreV1Api, pods: ClusterDriver) -> None:
    start(pods)
    for name in (NAME, "another"):
        about = {"kind": "Pod", "name": name, "namespace": pods.namespace}
        event = {"metadata": {"name": f"{name}.1"}, "involvedObject": about, "reason": "Test"}
        admin.create_namespaced_event(pods.namespace, event)

    assert [each["involvedObject"]["name"] for each in pods.perform(ListEvents(NAME))] == [NAME]


def test_the_reaper_removes_what_ended_long_ago_and_nothing_of_others(
    admin: CoreV1Api, pods: ClusterDriver
) -> None:
    start(pods)
    finish(admin, pods.namespace)
    another = build(pods.namespace)
    another["metadata"] |= {"name": "another", "labels": {"app": "another"}}
    pods.perform(CreatePod(another))
    soon, late = datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)

    assert pods.drive(reap(now=soon, log=LOG)) == {}
    assert list(pods.drive(reap(now=late, log=LOG))) == [NAME]
    assert [each["metadata"]["name"] for each in pods.perform(ListPods(""))] == ["another"]


def restrict(admin: CoreV1Api, namespace: str) -> None:
    """Make the namespace take pods of the restricted standard alone."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    admin.patch_namespace(namespace, {"metadata": {"labels": labels}})
