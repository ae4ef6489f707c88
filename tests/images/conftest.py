"""The images, built once for all tests as `make images` builds them."""

from __future__ import annotations

import pytest

from tests.images.engine import docker, shell
from tools.images.build import AIRFLOW, MELTANO, build


@pytest.fixture(scope="session")
def engine() -> None:
    if docker("version", check=False).returncode:
        pytest.skip("no Docker engine runs")


@pytest.fixture(scope="session")
def meltano_image(engine: None, tmp_path_factory: pytest.TempPathFactory) -> str:  # noqa: ARG001
    build(shell(tmp_path_factory.mktemp("build")), ["meltano"])
    return MELTANO


@pytest.fixture(scope="session")
def airflow_image(engine: None, tmp_path_factory: pytest.TempPathFactory) -> str:  # noqa: ARG001
    build(shell(tmp_path_factory.mktemp("build")), ["airflow"])
    return AIRFLOW
