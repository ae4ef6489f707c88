"""The pod template alone, without Airflow, as its own first lines say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract import Outcome, decode

from tests.waiting import wait_for
from tools.images.build import MELTANO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.running_cluster import Cluster

TEMPLATE = "k8s/pod_templates/default.yaml"


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    name = "without-airflow"
    yield name
    cluster.kubectl("delete", "namespace", name)


@pytest.mark.timeout(600)
def test_what_its_first_lines_say(cluster: Cluster, namespace: str, tmp_path: Path) -> None:
    text = (cluster.clone / TEMPLATE).read_text()
    spoken = re.sub(r" \\\n#\s+", " ", text.partition("apiVersion:")[0])
    lines = re.findall(r"^#   kubectl (.*)$", spoken, re.MULTILINE)
    assert len(lines) == 5
    # The same in a namespace of the test's own, hardened as ours, with the image of this cluster
    # and the database that the lines offer for trying things out.
    file = tmp_path / "pod.yaml"
    image = f"{cluster.settings.registry_host}/meltano:dev"
    file.write_text(
        text.replace("namespace: meltano", f"namespace: {namespace}").replace(MELTANO, image)
    )
    for line in lines[:4]:
        said = line.replace(TEMPLATE, str(file)).replace(
            "namespace meltano", f"namespace {namespace}"
        )
        said = re.sub(r"postgresql://\S+", "sqlite:////scratch/meltano.db", said)
        cluster.kubectl(*said.split())
        if "create namespace" in said:
            restricted = "pod-security.kubernetes.io/enforce=restricted"
            cluster.kubectl("label", "namespace", namespace, restricted)
    where = ("--namespace", namespace)

    def message() -> str | None:
        path = "jsonpath={.status.containerStatuses[0].state.terminated.message}"
        return cluster.kubectl(*where, "get", "pod", "csv-to-json", "-o", path) or None

    result = decode(wait_for("the pod's result", message))
    assert result.outcome is Outcome.SUCCEEDED
    assert result.records is not None
    assert result.records >= 1200
    assert "succeeded" in cluster.kubectl(
        *lines[4].replace("meltano logs", f"{namespace} logs").split()
    )
