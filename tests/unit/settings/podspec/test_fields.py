"""The fields of pods are those of Kubernetes' client."""

from __future__ import annotations

import re

import pytest
from meltano_pods.settings.podspec.enums import ENUMS
from meltano_pods.settings.podspec.fields import load_fields


def test_the_words_are_of_fields_that_are_there() -> None:
    assert all(load_fields()[kind][field] == "str" for kind, field in ENUMS)


def test_the_fields_are_those_of_kubernetes_client() -> None:
    """After an upgrade that fails this: write settings/podspec/fields.json as this reads it."""
    models = pytest.importorskip("kubernetes.client.models")
    for kind, known in load_fields().items():
        model = getattr(models, kind)
        found = {model.attribute_map[key]: value for key, value in model.openapi_types.items()}
        if kind == "V1Pod":
            found.pop("status")
        assert known == found, kind
        for value in found.values():
            for name in re.findall(r"[A-Z]\w+", value):
                assert name in load_fields(), f"{name} of {kind}"
