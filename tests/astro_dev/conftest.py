"""A copy of this project under what `astro dev start` runs."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.astro_dev.stand_in import AstroDev, remains
from tests.images.engine import docker
from tests.support.clone import copy_of_this_project

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOTENV = """\
# As a user has one.
AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=2
GREETING=hello from .env
"""
_SETTINGS = """\
airflow:
  connections:
  - conn_id: shop
    conn_type: kubernetes
    conn_host: shop.example.com
    conn_extra: {namespace: shop}
  pools:
  - {pool_name: loads, pool_slot: 2, pool_description: for loads}
  variables:
  - {variable_name: region, variable_value: eu}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.images)


@pytest.fixture(scope="session")
def astro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AstroDev]:
    """Start it, and see in the end that nothing of it is left."""
    if docker("version", check=False).returncode:
        pytest.skip("no Docker engine runs")
    root = copy_of_this_project(tmp_path_factory.mktemp("clone") / "meltano-pods")
    _add_slow_project(root)
    (root / ".env").write_text(_DOTENV)
    (root / "airflow_settings.yaml").write_text(_SETTINGS)
    running = AstroDev(root, f"astrodev-{secrets.token_hex(3)}")
    try:
        running.start()
        yield running
    finally:
        running.kill()
    assert remains(running.name) == []


def _add_slow_project(root: Path) -> None:
    """Add a project, as users do, whose run can be stopped in the middle."""
    here = Path(__file__).parent
    plugins = here.parent / "cluster" / "projects" / "faults"
    folder = root / "meltano" / "slow"
    shutil.copytree(here / "slow", folder)
    for name in ("tap.py", "target.py"):
        shutil.copy2(plugins / name, folder / name)
    shutil.copy(root / "dags" / "csv_to_json.py", root / "dags" / "slow.py")
