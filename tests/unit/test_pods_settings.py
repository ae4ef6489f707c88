"""The settings of pods: what is refused, where, and how levels merge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from meltano_pods.errors import SettingsError
from meltano_pods.project import read_project
from meltano_pods.settings import settings_of
from meltano_pods.settings.podspec.enums import WORDS
from meltano_pods.settings.podspec.fields import fields
from meltano_pods.settings.podspec.patch import overlay
from meltano_pods.settings.types.resources import add_quantities, parse_quantity

from tests.support.layers import assert_refused, layer

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
    "resource part": ({"resources": {"limit": {}}}, ("neither", "Did you mean `limits`?")),
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
        ("`args` of the container `base` is set by Airflow", "which task to run"),
    ),
    "worker's namespace": (
        {"worker_override": {"metadata": {"namespace": "a"}}},
        ("`metadata.namespace` is set by Airflow",),
    ),
    "unknown field": (
        {"pod_override": {"spec": {"nodeSelectr": {}}}},
        ("`nodeSelectr` is no field of `spec`", "Did you mean `nodeSelector`?"),
    ),
    "python's spelling": (
        {"pod_override": {"spec": {"node_selector": {}}}},
        ("Did you mean `nodeSelector`?",),
    ),
    "at the top": (
        {"pod_override": {"tolerations": []}},
        ("`tolerations` is no field of a pod template", "Write it under `spec`"),
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
        ("`envv` is no field of `spec.containers.0`", "Did you mean `env`?"),
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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("memory", 512, "is 512, which is 512 bytes; nothing runs in that"),
        ("memory", "512m", "is '512m', which is 0.512 bytes"),
        ("memory", "512k", "which is 512000 bytes"),
        ("ephemeral-storage", "512m", "`ephemeral-storage` is '512m'"),
    ],
)
def test_memory_without_a_unit_or_in_thousandths(name: str, value: object, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        settings_of([layer("job", resources={"limits": {name: value}})])
    assert caught.value.fix == "Did you mean `512Mi`?"


@pytest.mark.parametrize(
    ("values", "fix"),
    [
        ({"memory": "1Gi"}, "resources: {requests: {cpu: 250m, memory: 1Gi}"),
        ({"resources": {"memory": "1Gi"}}, "Write it as `requests: {memory: 512Mi}`"),
        ({"node_selector": {"a": "b"}}, "`pod_override: {spec: {nodeSelector: ...}}`"),
        ({"tolerations": []}, "`pod_override: {spec: {tolerations: ...}}`"),
        ({"max_active_runs": 2}, "one run at a time"),
        ({"schedule": "@daily"}, "by the `interval` of its schedule"),
    ],
)
def test_what_is_said_elsewhere(values: dict[str, Any], fix: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of([layer("job", **values)])
    assert fix in caught.value.fix


@pytest.mark.parametrize("case", BAD)
def test_refused_with_place_and_what_is_allowed(case: str) -> None:
    assert_refused(*BAD[case])


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
        settings_of([read_project(folder).annotations])
    assert re.search(r"line 7, key .*containers\[0\]\.imagePullPolicey", str(caught.value))


@pytest.mark.parametrize(
    ("setting", "own"), [("pod_override", "meltano"), ("worker_override", "base")]
)
def test_secrets_in_an_override_are_refused_and_not_shown(setting: str, own: str) -> None:
    container = {"name": own, "env": [{"name": "TAP_PASSWORD", "value": "hunter2"}]}
    with pytest.raises(SettingsError) as caught:
        settings_of([layer("project", **{setting: {"spec": {"containers": [container]}}})])
    assert "TAP_PASSWORD" in str(caught.value)
    assert "secretKeyRef" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["execution_mode", "image", "namespace", "secrets", "deferrable"])
def test_a_plugin_cannot_speak_for_the_whole_pod(key: str) -> None:
    with pytest.raises(SettingsError, match="may not be set at plugin level"):
        settings_of([layer("plugin", **{key: "x"})])


def test_plugins_share_a_pod_so_their_resources_add_up() -> None:
    settings = settings_of(
        [
            layer("project", resources={"requests": {"cpu": "1", "memory": "128Mi"}}),
            layer("plugin", resources={"requests": {"memory": "256Mi", "cpu": "250m"}}),
            layer("plugin", resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "2Gi"}}),
        ]
    )
    assert settings.resources == {
        "requests": {"cpu": "250m", "memory": "1280Mi"},
        "limits": {"memory": "2Gi"},
    }


def test_a_job_has_the_last_word_about_resources() -> None:
    layers = [
        layer("job", resources={"limits": {"memory": "4Gi"}}),
        layer("plugin", resources={"limits": {"memory": "1Gi", "cpu": 1}}),
        layer("plugin", resources={"limits": {"memory": "1Gi"}}),
    ]
    assert settings_of(layers).resources == {"limits": {"memory": "4Gi", "cpu": "1"}}


def test_levels_that_contradict_each_other() -> None:
    layers = [
        layer("project", resources={"limits": {"memory": "1Gi"}}),
        layer("schedule", resources={"requests": {"memory": "2Gi"}}),
    ]
    with pytest.raises(SettingsError, match="together with the levels before it") as caught:
        settings_of(layers)
    assert "resources" in str(caught.value)


def test_overrides_of_levels_merge_as_kubernetes_does() -> None:
    one = {"spec": {"containers": [{"name": "meltano", "env": [{"name": "A", "value": "1"}]}]}}
    two: dict[str, Any] = {
        "spec": {
            "containers": [{"name": "meltano", "env": [{"name": "B", "value": "2"}]}],
            "nodeSelector": {"pool": "big"},
        }
    }
    merged = settings_of([layer("project", pod_override=one), layer("job", pod_override=two)])
    assert merged.pod_override["spec"] == {
        "containers": [
            {"name": "meltano", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
        ],
        "nodeSelector": {"pool": "big"},
    }


def test_a_removal_reaches_what_lies_below_all_levels() -> None:
    layers = [
        layer("project", pod_override={"spec": {"nodeSelector": None, "hostname": "a"}}),
        layer("job", pod_override={"spec": {"hostname": None}}),
    ]
    override = settings_of(layers).pod_override
    assert override == {"spec": {"nodeSelector": None, "hostname": None}}
    template = {"spec": {"nodeSelector": {"a": "b"}, "hostname": "c", "subdomain": "d"}}
    assert overlay(template, override) == {"spec": {"subdomain": "d"}}


def test_overlay() -> None:
    base = {
        "a": {"x": 1, "y": 2},
        "list": [1, 2],
        "volumeMounts": [{"name": "v", "mountPath": "/a"}],
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}],
    }
    over: dict[str, Any] = {
        "a": {"y": None, "z": 3},
        "list": [3],
        "volumeMounts": [{"name": "v", "mountPath": "/b"}],
        "env": [{"name": "A", "value": "plain"}],
        "new": {"gone": None, "kept": 1},
    }
    assert overlay(base, over) == {
        "a": {"x": 1, "z": 3},
        "list": [3],
        "volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}],
        "env": [{"name": "A", "value": "plain"}],
        "new": {"kept": 1},
    }
    assert base["a"] == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("values", "total"),
    [
        (["250m", "1"], "1250m"),
        (["1", "1"], "2"),
        (["256Mi", "1Gi"], "1280Mi"),
        (["1Gi", "1Gi"], "2Gi"),
        (["1.5Gi", "512Mi"], "2Gi"),
        (["0.5Gi", "0.25Gi"], "805306368"),
        (["1e3", "1k"], "2k"),
        (["0.1", "0.2"], "300000000n"),
    ],
)
def test_quantities_add_up(values: list[str], total: str) -> None:
    assert add_quantities(values) == total
    assert parse_quantity(total) == sum(parse_quantity(value) for value in values)


@pytest.mark.parametrize("value", ["", "1 Gi", "-1", "1gb", "Gi", True, None, [], "1ee3"])
def test_no_quantities(value: object) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        parse_quantity(value)


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
    assert settings_of([layer("project", pod_override=override)]).pod_override == override


def test_the_words_are_of_fields_that_are_there() -> None:
    assert all(fields()[kind][field] == "str" for kind, field in WORDS)


def test_the_fields_are_those_of_kubernetes_client() -> None:
    """After an upgrade that fails this: write settings/podspec/fields.json as this reads it."""
    models = pytest.importorskip("kubernetes.client.models")
    for kind, known in fields().items():
        model = getattr(models, kind)
        found = {model.attribute_map[key]: value for key, value in model.openapi_types.items()}
        if kind == "V1Pod":
            found.pop("status")
        assert known == found, kind
        for value in found.values():
            for name in re.findall(r"[A-Z]\w+", value):
                assert name in fields(), f"{name} of {kind}"
