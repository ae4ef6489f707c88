"""What users add to a copy of this project: DAGs and tests of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BROKEN_DAG = "mine_broken.py"
_FILES = {
    # Reads what only a deployment has, as the Astro CLI lets DAG files do.
    "dags/mine.py": """\
import os
import warnings

from airflow.sdk import DAG, BaseHook, Variable, task
from include.mine import PREFIX

warnings.warn("an old habit", DeprecationWarning, stacklevel=1)
BUCKET = PREFIX + os.getenv("BUCKET_OF_MINE")
REGION = Variable.get("region_of_mine", default="eu") + Variable.get("zone_of_mine")
TABLES = Variable.get("tables_of_mine", deserialize_json=True)["orders"]
HOST = BaseHook.get_connection(conn_id="warehouse_of_mine").host

with DAG("mine", schedule=None, description=f"{REGION} {HOST}"):

    @task
    def load() -> str:
        return BUCKET + TABLES

    load()
""",
    "include/mine.py": 'PREFIX = "s3://"\n',
    f"dags/{BROKEN_DAG}": "from airflow.sdk import DAG\nimport package_of_mine\n",
    "dags/mine_exempt.py": "from airflow.sdk import DAG\nimport package_of_mine\n",
    ".astro/dag_integrity_exceptions.txt": "# Add dag files to exempt\ndags/mine_exempt.py\n",
    "tests/dags/test_mine.py": """\
import os
import warnings

import pytest


@pytest.mark.mine
def test_mine(dag_bag):
    warnings.warn("an old habit", DeprecationWarning)
    is_set = "AIRFLOW_VAR_ZONE_OF_MINE" in os.environ
    expected = "eu-1 db.example.com" if is_set else "euMOCKED_ZONE_OF_MINE_VALUE None"
    assert dag_bag.dags["mine"].description == expected
""",
    ".env": """\
AIRFLOW_VAR_ZONE_OF_MINE=-1
AIRFLOW_CONN_WAREHOUSE_OF_MINE=postgresql://db.example.com/orders
""",
    "tests/mine/test_mine.py": """\
from include.mine import PREFIX


def test_prefix():
    assert PREFIX
""",
}


def add_users_files(root: Path) -> None:
    """Write them.

    Args:
        root: The copy's folder.
    """
    for name, text in _FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
