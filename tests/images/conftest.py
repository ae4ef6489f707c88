"""The images, built once for all tests as `make images` builds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.images.engine import docker, shell
from tools.images.build import build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def engine() -> None:
    if docker("version", check=False).returncode:
        pytest.skip("no Docker engine runs")


@pytest.fixture(scope="session")
def meltano_image(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001
    yield from _built("meltano", tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="session")
def airflow_image(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001
    yield from _built("airflow", tmp_path_factory.mktemp("build"))


def _built(target: str, folder: Path) -> Iterator[str]:
    """Build it under a name that no cluster's images have, and take that from it in the end."""
    name = f"meltano-pods.tests/{target}:dev"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"{target.upper()}_IMAGE", name)
        build(shell(folder), [target])
    yield name
    docker("rmi", "--force", name)
