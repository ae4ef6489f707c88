"""The Airflow image: what is in it, and that it can run pipelines by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.images.engine import configuration, docker, inside
from tests.support.clone import copy_of_this_project, typed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.images, pytest.mark.timeout(900)]


def test_it_is_airflow_as_the_runtime_has_it(airflow_image: str) -> None:
    assert inside(airflow_image, "airflow version").splitlines()[-1] == "3.3.2"
    config = configuration(airflow_image)
    assert config["Labels"]["io.astronomer.docker.runtime.version"] == "3.3-8"
    assert config["User"] == "astro"


def test_it_runs_a_pipeline_without_a_cluster(airflow_image: str) -> None:
    script = (
        "cd meltano/csv_to_json; export MELTANO_PODS_OUTPUT=/tmp;"
        "/opt/meltano/bin/meltano-runner run tap-csv target-jsonl | tail -1"
    )
    result = json.loads(inside(airflow_image, script))["meltano_runner_result"]
    assert (result["outcome"], result["extracted"]) == ("succeeded", 1200)


def test_dbt_runs_in_it_too(airflow_image: str) -> None:
    script = (
        "cd meltano/shop; export WAREHOUSE_HOST=127.0.0.1 WAREHOUSE_PORT=1 WAREHOUSE_USER=u"
        " WAREHOUSE_PASSWORD=s3cret WAREHOUSE_DATABASE=d;"
        "/opt/meltano/bin/meltano-runner run dbt-postgres:build | tail -1"
    )
    result = json.loads(inside(airflow_image, script))["meltano_runner_result"]
    assert (result["category"], result["failed_plugin"]) == ("utility_failed", "dbt-postgres")
    assert "127.0.0.1" in result["error"]


def test_its_packages_agree(airflow_image: str) -> None:
    inside(airflow_image, "uv pip check; uv --version")


def test_what_a_deployment_reads_is_there(airflow_image: str) -> None:
    places = "dags include/meltano_pods meltano/csv_to_json/meltano.yml k8s/pod_templates"
    assert inside(airflow_image, f"ls -d {places}").split() == sorted(places.split())
    assert inside(airflow_image, "find . -name .env -o -name .venv -o -name .git") == ""


def test_it_stays_within_its_size(airflow_image: str) -> None:
    size = json.loads(docker("image", "inspect", airflow_image).stdout)[0]["Size"]
    assert size < 1_050_000_000


BUILD = """
.venv/bin/python - <<'END'
from pathlib import Path
from tools.cluster.shell import Shell
from tools.images.build import build
build(Shell(Path("log")), ["airflow"])
END
"""


def _layers(image: str) -> list[str]:
    layers: list[str] = json.loads(docker("image", "inspect", image).stdout)[0]["RootFS"]["Layers"]
    return layers


def test_a_changed_dag_leaves_the_layers_of_meltano_and_its_plugins(
    airflow_image: str, tmp_path: Path
) -> None:
    clone = copy_of_this_project(tmp_path / "clone")
    with (clone / "dags" / "csv_to_json.py").open("a") as file:
        file.write("# changed\n")
    name = "meltano-pods.tests/airflow:changed"
    typed(clone, BUILD, environment={"AIRFLOW_IMAGE": name})
    before, after = _layers(airflow_image), _layers(name)
    docker("rmi", "--force", name)
    *_, meltano, plugins = before
    assert after[-2:] == [meltano, plugins]
    assert after != before
