"""The Meltano image: its content, and that it runs with least privilege."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract.categories import Category
from meltano_runner.contract.digest import compute_project_digest
from meltano_runner.contract.environment import PROJECT_DIGEST
from meltano_runner.contract.result import Outcome

from tests.docs.blocks import code_blocks
from tests.docs.tutorial import Typed
from tests.images.engine import HARDENED, Pod, configuration, docker, inside
from tests.support.checkout import ROOT
from tests.support.clone import typed
from tools import warehouse

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.images, pytest.mark.timeout(900)]

DEPLOY = ROOT / "docs" / "how-to" / "deploy-astro.md"
PIPELINE = ("run", "tap-csv", "target-jsonl")
_MEGABYTE = 1_000_000


@pytest.mark.parametrize("user", ["12345:0", "10001:0", "10001:10001"])
def test_any_user_runs_the_pipeline_on_a_read_only_root(
    meltano_image: str, tmp_path: Path, user: str
) -> None:
    pod = Pod(meltano_image, tmp_path, user)
    pod.write_rows(10)
    result, log = pod.run(*PIPELINE)
    assert result.outcome is Outcome.SUCCEEDED, log
    assert result.extracted == 10
    assert pod.rows() == list(range(1, 11))
    (pipeline,) = result.pipelines
    assert pipeline.state_saved
    assert pipeline.streams[0].bookmark == "2026-01-01T00:00:10Z"


def test_a_second_run_goes_on_from_the_state(meltano_image: str, tmp_path: Path) -> None:
    pod = Pod(meltano_image, tmp_path)
    pod.write_rows(10)
    pod.run(*PIPELINE)
    pod.write_rows(5, first=11)
    result, log = pod.run(*PIPELINE)
    assert pod.rows()[10:] == [*range(10, 16)] or pod.rows()[10:] == [*range(11, 16)], log
    assert result.pipelines[0].streams[0].bookmark == "2026-01-01T00:00:15Z"


def test_state_goes_to_postgresql(meltano_image: str, tmp_path: Path) -> None:
    pod = Pod(meltano_image, tmp_path, network="host")
    pod.write_rows(10)
    with warehouse.running(tmp_path) as there:
        host, port, user, password, database = there.values()
        environment = {
            "MELTANO_DATABASE_URI": f"postgresql://{user}:{password}@{host}:{port}/{database}"
        }
        first, log = pod.run(*PIPELINE, environment=environment)
        assert first.outcome is Outcome.SUCCEEDED, log
        pod.write_rows(1, first=11)
        second, log = pod.run(*PIPELINE, environment=environment)
    assert second.outcome is Outcome.SUCCEEDED, log
    assert second.extracted is not None
    assert second.extracted <= 2
    assert second.pipelines[0].streams[0].bookmark == "2026-01-01T00:00:11Z"


def test_the_deploy_guide_migrates_a_database(meltano_image: str, tmp_path: Path) -> None:
    (commands,) = [each for each in code_blocks(DEPLOY, "bash") if "upgrade database" in each]
    (example,) = code_blocks(DEPLOY, "text")
    (tmp_path / "Dockerfile").write_text(f"ENV AIRFLOW__MELTANO_PODS__IMAGE={meltano_image}\n")
    with warehouse.running(tmp_path) as there:
        host, port, user, password, database = there.values()
        address = f"postgresql://{user}:{password}@{host}:{port}/{database}"
        here = re.sub("postgresql://[^']+", address, commands)
        here = here.replace("docker run", "docker run --network=host")
        shown = typed(tmp_path, here)
        assert Typed("", here, tuple(example.splitlines())).missing(shown) is None, shown
        shown = typed(tmp_path, here.replace("upgrade database", "state list"))
    assert "No state IDs found" in shown


@pytest.mark.parametrize("user", ["10001:0", "12345:12345"])
def test_any_user_runs_commands_of_meltano_on_a_read_only_root(
    meltano_image: str, user: str
) -> None:
    options = (*HARDENED, f"--user={user}", "--workdir=/meltano/csv_to_json")
    variables = ("--env=MELTANO_DATABASE_URI=sqlite:////tmp/meltano.db",)
    meltano = ("--entrypoint=meltano", meltano_image)
    shown = docker("run", *options, *variables, *meltano, "invoke", "tap-csv", "--discover")
    assert json.loads(shown.stdout)["streams"]


def test_dbt_works_on_a_read_only_root(meltano_image: str, tmp_path: Path) -> None:
    pod = Pod(meltano_image, tmp_path, network="host")
    with warehouse.running(tmp_path) as there:
        environment = {**there, "MELTANO_PROJECT_ROOT": "/meltano/shop", "TAP_CSV_PATH": None}
        result, log = pod.run(
            "run", "tap-csv", "target-postgres", "dbt-postgres:build", environment=environment
        )
    assert result.outcome is Outcome.SUCCEEDED, log
    assert result.extracted == 340
    assert dict(result.dbt[0].counts) == {"pass": 10, "success": 3}


def test_without_a_database_a_pod_fails_rather_than_lose_its_state(
    meltano_image: str, tmp_path: Path
) -> None:
    pod = Pod(meltano_image, tmp_path)
    pod.write_rows(1)
    result, log = pod.run(*PIPELINE, environment={"MELTANO_DATABASE_URI": None})
    assert result.category is Category.STATE_BACKEND_UNAVAILABLE, log


def test_a_drifted_image_refuses_to_run(meltano_image: str, tmp_path: Path) -> None:
    pod = Pod(meltano_image, tmp_path)
    here = compute_project_digest(ROOT / "meltano" / "csv_to_json")
    result, _ = pod.run(*PIPELINE, environment={PROJECT_DIGEST: "0123456789abcdef"})
    assert result.category is Category.CONFIG_DRIFT
    assert result.error
    assert here in result.error
    pod.write_rows(1)
    result, log = pod.run(*PIPELINE, environment={PROJECT_DIGEST: here})
    assert result.outcome is Outcome.SUCCEEDED, log


def test_a_project_that_is_not_in_the_image_is_named(meltano_image: str, tmp_path: Path) -> None:
    environment = {"MELTANO_PROJECT_ROOT": "/meltano/other", PROJECT_DIGEST: "0123456789abcdef"}
    result, _ = Pod(meltano_image, tmp_path).run(*PIPELINE, environment=environment)
    assert result.category is Category.CONFIG_DRIFT
    assert result.error
    assert "/meltano/other/meltano.yml" in result.error


def test_it_is_configured_for_pods(meltano_image: str) -> None:
    config = configuration(meltano_image)
    assert config["User"] == "10001:0"
    assert config["Entrypoint"] == ["tini", "--", "meltano-runner"]
    names = {entry.split("=")[0] for entry in config["Env"]}
    # The first tears a plugin's lines on a signal, the second makes every start slow.
    assert not names & {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def test_it_is_labelled(meltano_image: str) -> None:
    labels = configuration(meltano_image)["Labels"]
    for name in ("title", "description", "licenses", "version", "revision", "base.name"):
        assert labels[f"org.opencontainers.image.{name}"], name
    revision = labels["org.opencontainers.image.revision"]
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?|unknown", revision)


def test_nothing_that_installs_is_left(meltano_image: str) -> None:
    script = (
        "find / -xdev \\( -name uv -o -name 'pip*' -o -name virtualenv -o -name ensurepip \\)"
        " \\( -path '*/bin/*' -o -type d \\) -not -path '/proc/*' 2>/dev/null || true"
    )
    assert inside(meltano_image, script) == ""


def test_nothing_of_a_laptop_and_no_way_to_write_is_in_it(meltano_image: str) -> None:
    script = (
        "find /meltano /opt/meltano \\( -name .env -o -name .venv -o -name .git -o -name '*.db'"
        " -o -name output -o -perm /g=w,o=w ! -type l \\)"
    )
    assert inside(meltano_image, script) == ""


def test_all_python_is_compiled(meltano_image: str) -> None:
    script = """
    shopt -s nullglob
    for folder in /opt/meltano/lib /meltano/*/.meltano /usr{,/local}/lib/python3*; do
        find "$folder" -name '*.py' -not -path '*/test*' -not -path '*/bin/*' |
        while read -r file; do
            name=$(basename "$file" .py)
            compiled=("${file%/*}/__pycache__/$name".cpython-*.pyc)
            [ ${#compiled[@]} -gt 0 ] || echo "$file"
        done
    done | wc -l
    """
    assert int(inside(meltano_image, script)) < 40


def test_it_stays_within_its_size(meltano_image: str) -> None:
    size = json.loads(docker("image", "inspect", meltano_image).stdout)[0]["Size"]
    # 268 without meltano/shop: PostgreSQL's target and dbt are large.
    assert size < 480 * _MEGABYTE
