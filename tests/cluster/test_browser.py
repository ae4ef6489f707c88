"""What a person does in the Airflow UI: log in, read, trigger, watch, read the result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster import airflow_ui

if TYPE_CHECKING:
    from tests.cluster.running_cluster import Cluster

DAG = "csv_to_json.job.csv-to-json"
TASK = "tap-csv-to-target-jsonl"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return where screenshots go: PICTURES keeps them."""
    folder = Path(os.environ.get("PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.timeout(400)
def test_a_persons_way(cluster: Cluster, pictures: Path) -> None:
    with airflow_ui.open_page(cluster.settings.airflow_url) as page:
        airflow_ui.log_in(page, "admin", cluster.password())
        docs = airflow_ui.read_docs(page, DAG, pictures / "docs.png")
        assert "meltano-runner run tap-csv target-jsonl" in docs
        airflow_ui.trigger(page, DAG, pictures / "trigger.png")
        airflow_ui.watch(page, pictures / "run.png")
        log = airflow_ui.read_log(page, TASK, pictures / "log.png")
        assert "Created pod csv-to-json-" in log
        assert "records extracted" in log
        result = airflow_ui.read_result(page, pictures / "result.png")
        assert "succeeded: 1,2" in result
        assert "return_value" in result
        assert "pod_name" in result
