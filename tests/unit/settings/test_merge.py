"""How the levels of a project merge."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from meltano_pods.errors import SettingsError
from meltano_pods.settings import ORDER, build_settings
from meltano_pods.settings.podspec.patch import apply_patch

from tests.support.layers import layer


@pytest.mark.parametrize(("lower", "upper"), list(pairwise(ORDER)))
def test_each_level_wins_over_the_one_before(lower: str, upper: str) -> None:
    content = [layer(upper, retries=1, env={"A": "u"}), layer(lower, retries=9, env={"A": "l"})]
    for layers in (content, content[::-1]):
        settings = build_settings(layers)
        assert settings.retries == 1
        assert settings.env == {"A": "u"}


@pytest.mark.parametrize("level", ORDER)
def test_each_level_counts(level: str) -> None:
    assert build_settings([layer(level, retries=7)]).retries == 7


def test_later_plugins_win() -> None:
    assert build_settings([layer("plugin", retries=1), layer("plugin", retries=3)]).retries == 3


def test_maps_merge_and_lists_replace() -> None:
    settings = build_settings(
        [
            layer("project", env={"A": "1", "B": 2}, tags=["a", "b"]),
            layer("job", env={"B": "3", "C": "4"}, tags=["c"]),
        ]
    )
    assert settings.env == {"A": "1", "B": "3", "C": "4"}
    assert settings.tags == ("c",)


def test_recipients_merge_way_by_way() -> None:
    settings = build_settings(
        [
            layer("project", notify={"email": ["a@x.io", "a@x.io"], "slack": "slack_data"}),
            layer("job", notify={"slack": None, "events": ["failure"]}),
        ]
    )
    assert settings.notify == {"email": ("a@x.io",), "slack": None, "events": ("failure",)}


def test_plugins_share_a_pod_so_their_resources_add_up() -> None:
    settings = build_settings(
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
    assert build_settings(layers).resources == {"limits": {"memory": "4Gi", "cpu": "1"}}


def test_levels_that_contradict_each_other() -> None:
    layers = [
        layer("project", resources={"limits": {"memory": "1Gi"}}),
        layer("schedule", resources={"requests": {"memory": "2Gi"}}),
    ]
    with pytest.raises(SettingsError, match="together with the levels below it") as caught:
        build_settings(layers)
    assert "resources" in str(caught.value)


def test_overrides_of_levels_merge_as_kubernetes_does() -> None:
    one = {"spec": {"containers": [{"name": "meltano", "env": [{"name": "A", "value": "1"}]}]}}
    two: dict[str, Any] = {
        "spec": {
            "containers": [{"name": "meltano", "env": [{"name": "B", "value": "2"}]}],
            "nodeSelector": {"pool": "big"},
        }
    }
    merged = build_settings([layer("project", pod_override=one), layer("job", pod_override=two)])
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
    override = build_settings(layers).pod_override
    assert override == {"spec": {"nodeSelector": None, "hostname": None}}
    template = {"spec": {"nodeSelector": {"a": "b"}, "hostname": "c", "subdomain": "d"}}
    assert apply_patch(template, override) == {"spec": {"subdomain": "d"}}
