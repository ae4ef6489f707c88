"""No secret of a meltano.yml comes out of it: not by a plan, a DAG, or an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from meltano_pods.cli.main import main

from tests.support.canaries import CANARY, PROJECT, canary
from tests.unit.dags.test_factory import FILE

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "meltano" / "shop").mkdir(parents=True)
    (tmp_path / "meltano" / "shop" / "meltano.yml").write_text(PROJECT)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "shop.py").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    return tmp_path


def loaded(root: Path) -> DagBag:
    return DagBag(str(root / "dags" / "shop.py"), collect_dags=True)


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("command", [["plan", "--format", "json"], ["plan"], ["validate"]])
def test_the_command_line_shows_none(capfd: pytest.CaptureFixture[str], command: list[str]) -> None:
    assert main(command) == 0
    content = capfd.readouterr()
    assert content.out
    assert CANARY not in content.out + content.err


def test_a_dag_holds_none(root: Path) -> None:
    bag = loaded(root)
    assert bag.import_errors == {}
    for dag in bag.dags.values():
        assert CANARY not in json.dumps(DagSerialization.serialize_dag(dag))
        for task in dag.tasks:
            assert CANARY not in str(vars(task))


PASSWORD = f"WAREHOUSE_PASSWORD: {canary('env')}"
DAILY = "interval: '@daily'"
BROKEN = {
    "open quote": (canary("quoted") + '"', canary("quoted")),
    "two colons": (f'"{canary("quoted")}"', f"{CANARY}: {CANARY}: 1"),
    "alias": (PASSWORD, f"WAREHOUSE_PASSWORD: *{CANARY}"),
    "tab": (f"  {PASSWORD}", f"\t{PASSWORD}"),
    "a plugin without a name": ("- name: tap-shop\n    namespace", "- namespace"),
    "token of a schedule": (DAILY, f"{DAILY}, env: {{API_TOKEN: {CANARY}}}"),
    "URL of a schedule": (DAILY, f"{DAILY}, env: {{X: 'https://a:{CANARY}@b'}}"),
    "annotation": ("jobs:", f"annotations: {{meltano_pods: {{env: {{KEY: {CANARY}}}}}}}\njobs:"),
    "URI of assets": (
        "jobs:",
        f"annotations: {{meltano_pods: {{assets: {{uri: 's3://{CANARY}@b/{{table}}'}}}}}}\njobs:",
    ),
}


@pytest.mark.parametrize(("old", "new"), BROKEN.values(), ids=BROKEN)
def test_an_error_shows_none(
    root: Path, capfd: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    assert old in PROJECT
    (root / "meltano" / "shop" / "meltano.yml").write_text(PROJECT.replace(old, new, 1))
    bag = loaded(root)
    broken = [dag for dag in bag.dags.values() if "broken" in dag.tags]
    shown = json.dumps([DagSerialization.serialize_dag(dag) for dag in broken])
    held = str([vars(task) for dag in broken for task in dag.tasks])
    errors = "".join(bag.import_errors.values()) + shown + held
    assert "meltano/shop/meltano.yml" in errors
    assert main(["validate"]) != 0
    content = capfd.readouterr()
    assert CANARY not in errors + content.out + content.err
