"""The settings of pods: what is rejected, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from meltano_pods.errors import SettingsError
from meltano_pods.project import read_project
from meltano_pods.settings import build_settings

from tests.support.layers import assert_rejected, layer

if TYPE_CHECKING:
    from tests.support.projects import MakeProject


BAD: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "execution_mode": (
        {"execution_mode": "docker"},
        ("takes one of kubernetes, local, found 'docker'",),
    ),
    "image": ({"image": "my image"}, ("takes an image", "registry/name:tag")),
    "pull policy": (
        {"image_pull_policy": "always"},
        ("one of Always, IfNotPresent, Never", "Did you mean `Always`?"),
    ),
    "namespace": ({"namespace": "My_NS"}, ("takes the name of a Kubernetes namespace",)),
    "namespace too long": ({"namespace": "a" * 64}, ("at most 63",)),
    "secret": ({"secrets": ["a_b"]}, ("takes the name of a Kubernetes Secret",)),
    "secrets as text": (
        {"secrets": "a"},
        (
            "takes a list",
            "Write it as `secrets: [a]`.",
        ),
    ),
    "template path": ({"pod_template": "../x.yaml"}, ("takes the name of a file",)),
    "deferrable": ({"deferrable": "async"}, ("takes true or false",)),
    "start timeout": ({"start_timeout": "1s"}, ("takes seconds or a duration", "10s to 24h")),
    "resources": ({"resources": "1Gi"}, ("takes a map",)),
    "resource part": (
        {"resources": {"limit": {}}},
        ("unknown key `limit`", "Did you mean `limits`?"),
    ),
    "resource name": ({"resources": {"limits": {"memry": 1}}}, ("Did you mean `memory`?",)),
    "quantity": (
        {"resources": {"limits": {"memory": "1GB"}}},
        ("'1GB' is not a quantity", "512Mi"),
    ),
    "request above": (
        {"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}},
        ("the request of memory is above its limit",),
    ),
    "override": ({"pod_override": []}, ("takes a map",)),
    "worker's": (
        {"worker_override": {"spec": {"containers": [{"name": "base", "args": ["x"]}]}}},
        ("`args` of the container `base` is set by Airflow", "the task to run"),
    ),
    "worker's namespace": (
        {"worker_override": {"metadata": {"namespace": "a"}}},
        ("`metadata.namespace` is set by Airflow",),
    ),
    "unknown field": (
        {"pod_override": {"spec": {"nodeSelectr": {}}}},
        ("unknown field `nodeSelectr` of `spec`", "Did you mean `nodeSelector`?"),
    ),
    "python's spelling": (
        {"pod_override": {"spec": {"node_selector": {}}}},
        ("Did you mean `nodeSelector`?",),
    ),
    "at the top": (
        {"pod_override": {"tolerations": []}},
        ("unknown field `tolerations` of a pod template", "Write it under `spec`"),
    ),
    "wrong kind": (
        {"pod_override": {"spec": {"priority": "high"}}},
        ("`spec.priority` takes a whole number, found 'high'",),
    ),
    "no word of Kubernetes": (
        {"pod_override": {"spec": {"tolerations": [{"key": "a", "effect": "NoSchedul"}]}}},
        ("takes one of NoExecute, NoSchedule", "found 'NoSchedul'", "Did you mean `NoSchedule`?"),
    ),
    "list for map": (
        {"pod_override": {"spec": {"nodeSelector": []}}},
        ("`spec.nodeSelector` takes a map, found list",),
    ),
    "deep": (
        {"pod_override": {"spec": {"containers": [{"name": "meltano", "envv": []}]}}},
        ("unknown field `envv` of `spec.containers.0`", "Did you mean `env`?"),
    ),
    "owned": (
        {"pod_override": {"spec": {"terminationGracePeriodSeconds": 5}}},
        ("is set by Meltano Pods", "Use the setting `termination_grace_period`."),
    ),
    "owned of the container": (
        {"pod_override": {"spec": {"containers": [{"name": "meltano", "args": ["x"]}]}}},
        ("`args` of the container `meltano` is set by Meltano Pods",),
    ),
    "nameless": (
        {"pod_override": {"spec": {"containers": [{"image": "x"}]}}},
        ("has no name", "Add `name: meltano`"),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_refused_with_place_and_what_is_allowed(case: str) -> None:
    assert_rejected(*BAD[case])


def test_the_very_line_is_named(make_project: MakeProject) -> None:
    folder = make_project(
        "annotations:\n"
        "  meltano_pods:\n"
        "    pod_override:\n"
        "      spec:\n"
        "        containers:\n"
        "        - name: meltano\n"
        "          imagePullPolicey: Always\n"
    )
    with pytest.raises(SettingsError) as caught:
        build_settings([read_project(folder).annotations])
    assert re.search(r"line 7, key .*containers\[0\]\.imagePullPolicey", str(caught.value))


@pytest.mark.parametrize(
    ("setting", "own"), [("pod_override", "meltano"), ("worker_override", "base")]
)
def test_secrets_in_an_override_are_refused_and_not_shown(setting: str, own: str) -> None:
    container = {"name": own, "env": [{"name": "TAP_PASSWORD", "value": "hunter2"}]}
    with pytest.raises(SettingsError) as caught:
        build_settings([layer("project", **{setting: {"spec": {"containers": [container]}}})])
    assert "TAP_PASSWORD" in str(caught.value)
    assert "secretKeyRef" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["execution_mode", "image", "namespace", "secrets", "deferrable"])
def test_a_plugin_cannot_speak_for_the_whole_pod(key: str) -> None:
    with pytest.raises(SettingsError, match="may not be set at plugin level"):
        build_settings([layer("plugin", **{key: "x"})])


def test_a_whole_override_is_taken() -> None:
    spec = {
        "nodeSelector": {"kubernetes.io/arch": "arm64"},
        "tolerations": [{"key": "spot", "operator": "Exists", "tolerationSeconds": 5}],
        "priorityClassName": "high",
        "imagePullSecrets": [{"name": "registry"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": None}},
        "volumes": [{"name": "ca", "configMap": {"name": "ca", "defaultMode": 292}}],
        "containers": [
            {
                "name": "meltano",
                "resources": {"limits": {"nvidia.com/gpu": 1}},
                "envFrom": [{"secretRef": {"name": "s"}}],
                "volumeMounts": [{"name": "ca", "mountPath": "/ca", "readOnly": True}],
            },
            {"name": "proxy", "image": "proxy", "args": ["run"]},
        ],
    }
    override = {"metadata": {"labels": {"team": "data"}}, "spec": spec}
    assert build_settings([layer("project", pod_override=override)]).pod_override == override
