"""A pod can be requested anywhere: the request survives JSON, and holds no secret value."""

from __future__ import annotations

import json

import pytest
from meltano_pods.pods.spec.options import ClusterAccess, SecretKey
from meltano_pods.pods.spec.request import PodRequest
from meltano_pods.settings.types.env import AirflowSource

from tests.support.pods import RUN, SPEC, TEMPLATES, options

REQUESTS = [
    options(),
    options(
        template=TEMPLATES / "astro.yaml",
        secret_env={"TOKEN": SecretKey("env-secrets", "TOKEN")},
        airflow_env={"DB": AirflowSource(connection="shop_db", field="password")},
        resources={"limits": {"memory": "1Gi"}},
        override={"spec": {"nodeSelector": {"disk": "ssd"}}},
        cluster=ClusterAccess("k8s", in_cluster=False, context="prod", kubeconfig=TEMPLATES / "x"),
        run_timeout=60.0,
    ),
]


@pytest.mark.parametrize("wanted", REQUESTS)
def test_a_request_builds_the_same_pod_after_its_way(wanted: object) -> None:
    request = PodRequest.read(wanted, SPEC, RUN)  # type: ignore[arg-type]
    sent = json.loads(json.dumps(request.serialize()))
    received = PodRequest.deserialize(sent)
    assert received.serialize() == sent
    assert received.build() == request.build()


def test_what_is_no_request_is_rejected() -> None:
    with pytest.raises(ValueError, match="options"):
        PodRequest.deserialize({})
