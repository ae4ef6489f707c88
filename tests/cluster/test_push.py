"""`make push` to a real registry: the cluster's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.images.engine import docker, shell
from tools.images.build import MELTANO
from tools.images.push import push

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.running_cluster import Cluster


def test_what_is_to_be_pinned_is_what_was_pushed(cluster: Cluster, tmp_path: Path) -> None:
    registry = f"{cluster.settings.registry_host}/acme"
    name = push(shell(tmp_path), registry, tag="test", build_first=False)
    assert re.fullmatch(rf"{registry}/meltano@sha256:[0-9a-f]{{64}}", name)
    own = docker("image", "inspect", "--format={{.Id}}", MELTANO).stdout
    docker("rmi", f"{registry}/meltano:test")
    docker("pull", "--quiet", name)
    assert docker("image", "inspect", "--format={{.Id}}", name).stdout == own
    docker("rmi", name)
