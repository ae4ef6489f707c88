"""The second example on the cluster: files into PostgreSQL, dbt on it, as two pods."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tools.cluster.access import AIRFLOW_NAMESPACE
from tools.cluster.apps import MELTANO_NAMESPACE

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

pytestmark = pytest.mark.timeout(900)


def _sql(cluster: Cluster, statement: str, *, database: str = "warehouse") -> str:
    return cluster.kubectl(
        "--namespace", AIRFLOW_NAMESPACE, "exec", "statefulset/airflow-postgresql", "--",
        "psql", "--username=airflow", f"--dbname={database}", "-Atc", statement,
    ).strip()  # fmt: skip


def test_rows_are_loaded_and_modelled(cluster: Cluster) -> None:
    shown = cluster.make("demo DAG=shop.daily")
    assert "340 records extracted" in shown
    assert "dbt-postgres build: 13 nodes, 10 pass, 3 success" in shown
    assert re.search(r"dbt-postgres-build( of \S+)?: success$", shown, re.MULTILINE)
    assert _sql(cluster, "select count(*) from analytics.revenue_by_country") == "8"


def test_the_warehouses_role_owns_its_database_and_enters_no_other(cluster: Cluster) -> None:
    role = "select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = 'warehouse'"
    assert _sql(cluster, role) == "f|f|f"
    entered = "select datname from pg_database where has_database_privilege('warehouse', datname, 'CONNECT')"  # noqa: E501
    assert "shop" not in _sql(cluster, entered).split()
    keys = cluster.kubectl(
        "--namespace", MELTANO_NAMESPACE, "get", "secret", "meltano-csv-to-json-env",
        "-o", "jsonpath={.data}",
    )  # fmt: skip
    assert "WAREHOUSE" not in keys
