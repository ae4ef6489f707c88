from __future__ import annotations

import pytest

from tools.cluster.errors import ClusterError
from tools.cluster.settings import Images, Settings


def test_the_defaults_make_kinds_own_context() -> None:
    settings = Settings.read({})

    assert settings.context == "kind-meltano-pods"
    assert settings.images is Images.AUTO
    assert settings.registry_host == "localhost:5001"


def test_everything_can_be_chosen() -> None:
    settings = Settings.read(
        {
            "CLUSTER_NAME": "other",
            "CLUSTER_IMAGES": "offline",
            "AIRFLOW_PORT": "8081",
            "REGISTRY_PORT": "5002",
        }
    )

    assert settings == Settings("other", Images.OFFLINE, 8081, 5002)
    assert settings.node == "other-control-plane"
    assert settings.registry == "other-registry"


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert Settings.read({"CLUSTER_IMAGES": "", "AIRFLOW_PORT": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLUSTER_NAME", "Upper"),
        ("CLUSTER_NAME", "a" * 41),
        ("CLUSTER_NAME", "; rm -rf"),
        ("CLUSTER_IMAGES", "online"),
        ("AIRFLOW_PORT", "0"),
        ("AIRFLOW_PORT", "65536"),
        ("REGISTRY_PORT", "http"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(ClusterError) as caught:
        Settings.read({name: value})

    assert f"{name}={value!r}" in caught.value.what
    assert caught.value.fix
