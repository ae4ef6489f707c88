"""How one piece of a pod patches another."""

from __future__ import annotations

from typing import Any

from meltano_pods.settings.podspec.patch import apply_patch


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
    assert apply_patch(base, over) == {
        "a": {"x": 1, "z": 3},
        "list": [3],
        "volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}],
        "env": [{"name": "A", "value": "plain"}],
        "new": {"kept": 1},
    }
    assert base["a"] == {"x": 1, "y": 2}
