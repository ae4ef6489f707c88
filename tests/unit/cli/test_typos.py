"""Mistakes that people type, each with an answer that says what was meant.

If the answer suggests a replacement, the replacement has to work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.support.command_line import FILE, rewrite
from tests.support.projects import FULLEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command_line import RunCli
    from tests.support.projects import MakeProject

PREFIX = "AIRFLOW__MELTANO_PODS__"


@dataclass(frozen=True)
class Typo:
    """A command line with a mistake.

    Attributes:
        typed: The arguments.
        meant: What the answer has to suggest.
        right: The arguments with the suggestion; None where trying them takes more than a plan.
        env: Variables around it.
        code: The exit code.
    """

    typed: str
    meant: str
    right: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    code: int = 1


TYPOS = {
    "letter of a DAG's project": Typo("run shpo.daily", "Did you mean `shop.daily`?"),
    "letter of a schedule": Typo("run shop.dayly", "Did you mean `shop.daily`?"),
    "a project for its DAG": Typo("run shop", "Did you mean `shop.daily`?"),
    "a project for one of its DAGs": Typo(
        "run orders", "its DAGs are: orders.daily, orders.job.load"
    ),
    "a schedule without its project": Typo(
        "run daily", "Did you mean `orders.daily` or `shop.daily`?"
    ),
    "a job without its project": Typo("run job.load", "Did you mean `orders.job.load`?"),
    "another case": Typo("run SHOP.Daily", "Did you mean `shop.daily`?"),
    "another separator": Typo("run shop/daily", "Did you mean `shop.daily`?"),
    "a plugin for a task": Typo(
        "run shop.daily --task tap-a", "Did you mean `tap-a-to-target-b`?"
    ),
    "letter of a project": Typo("plan shpo", "Did you mean `shop`?", "plan shop"),
    "a DAG for a project": Typo("plan shop.daily", "Did you mean `shop`?", "plan shop"),
    "a path for a project": Typo("validate meltano/shop", "Did you mean `shop`?", "validate shop"),
    "a DAG file for a project": Typo("doctor dags/shop.py", "Did you mean `shop`?"),
    "command": Typo("paln shop", "Did you mean `plan`?", "plan shop", code=2),
    "another tool's command": Typo(
        "list", "The commands are: doctor, new, plan, run, schema, validate", code=2
    ),
    "option": Typo("plan --setings", "--settings", "plan --settings", code=2),
    "option of a run": Typo("run shop.daily --full-refesh", "--full-refresh", code=2),
    "a project as an option": Typo("plan --project shop", " plan shop`", "plan shop", code=2),
    "a project as an option with `=`": Typo(
        "validate --project=shop", " validate shop`", "validate shop", code=2
    ),
    "a project for the option of their folder": Typo(
        "plan --projects shop", " plan shop`", "plan shop", code=2
    ),
    "a project of a run as an option": Typo(
        "run --project shop", " plan shop` lists them", "plan shop", code=2
    ),
    "value of an option": Typo(
        "plan --pods astor", "Did you mean `astro`?", "plan --pods astro", code=2
    ),
    "value of an option of a run": Typo(
        "run shop.daily --log-level debgu", "Did you mean `debug`?", code=2
    ),
    "no DAG": Typo("run", "expected one of: orders.daily, orders.job.load, shop.daily", code=2),
    "an empty stream": Typo(
        "run shop.daily --select-filter=", "write it as --select-filter orders", code=2
    ),
    "folder of projects": Typo(
        "plan --projects meltanoo", "Did you mean meltano?", "plan --projects meltano", code=2
    ),
    "a project for the folder of projects": Typo(
        "plan --projects meltano/shop", "Use the folder above it", "plan --projects meltano"
    ),
    "name of a new project": Typo(
        "new 1st.project", "Did you mean `st-project`?", "new st-project"
    ),
    "name of a new project like another": Typo("new Shop", "too similar to that of the project"),
    "commit without a repository": Typo("plan --diff main", "omit `--diff`", "plan"),
    "two outputs at once": Typo("plan --settings --pods astro", "omit one", code=2),
    "environment": Typo(
        "plan shop", "Did you mean `prod`?", env={"MELTANO_ENVIRONMENT": "prd"}
    ),
    "profile in a variable": Typo(
        "plan", f"Write it as `{PREFIX}PROFILE=astro`", env={f"{PREFIX}PROFILE": "astor"}
    ),
    "key of a variable": Typo(
        "plan", "Did you mean `execution_mode`?", env={f"{PREFIX}EXECUTION_MOD": "kubernetes"}
    ),
    "value of a variable": Typo(
        "plan",
        f"such as `{PREFIX}EXECUTION_MODE=kubernetes`",
        env={f"{PREFIX}EXECUTION_MODE": "k8s"},
    ),
    "section of a variable": Typo(
        "doctor", f"Did you mean `{PREFIX}IMAGE`?", env={"AIRFLOW__MELTANO_POD__IMAGE": "a"},
    ),
    "underscore of a variable": Typo(
        "doctor",
        f"Did you mean `{PREFIX}EXECUTION_MODE`?",
        env={"AIRFLOW_MELTANO_PODS_EXECUTION_MODE": "x"},
    ),
    "pod template": Typo(
        "validate", "Did you mean `default.yaml`?",
        env={f"{PREFIX}EXECUTION_MODE": "kubernetes", f"{PREFIX}POD_TEMPLATE": "defualt.yaml"},
    ),
    "folder of pod templates": Typo(
        "plan --pods astro", "there is no folder of pod templates at /no/such",
        env={f"{PREFIX}POD_TEMPLATES_FOLDER": "/no/such"},
    ),
    "relative path": Typo(
        "plan", "takes an absolute path", env={f"{PREFIX}PROJECTS_FOLDER": "meltano"}
    ),
}  # fmt: skip


@pytest.fixture
def typed_in(root: Path, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite(root, "    environment: prod\n", "")
    jobs = "jobs: [{name: load, tasks: tap-a target-b}]\n"
    make_project(FULLEST.replace("state: backend", "state_id_suffix: b") + jobs, "orders")
    (root / "dags" / "orders.py").write_text(FILE)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root.parent))


@pytest.mark.usefixtures("typed_in")
@pytest.mark.parametrize("case", TYPOS)
def test_a_typo_is_answered_by_what_was_meant(
    case: str, run_cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    typo = TYPOS[case]
    for name, value in typo.env.items():
        monkeypatch.setenv(name, value)
    code, out, err = run_cli(*typo.typed.split())
    assert typo.meant in err + out
    assert code == typo.code
    if typo.right is not None:
        assert run_cli(*typo.right.split())[0] == 0


MISSPELT_FILES = {
    "extension": ("meltano.yml", "meltano.yaml"),
    "case": ("meltano.yml", "Meltano.yml"),
}


@pytest.mark.parametrize("case", MISSPELT_FILES)
def test_a_misspelt_file(case: str, root: Path, run_cli: RunCli) -> None:
    right, wrong = MISSPELT_FILES[case]
    shop = root / "meltano" / "shop"
    (shop / right).rename(shop / wrong)
    code, _, err = run_cli("plan")
    assert code == 1
    (name,) = re.findall(r"fix: Rename it to (\S+)\.\n", err)
    (shop / wrong).rename(shop / name)
    assert run_cli("plan")[0] == 0


@pytest.mark.parametrize("command", ["plan shop", "validate shop", "validate", "run shop.daily"])
def test_a_misspelt_file_beside_a_sound_project(
    command: str, root: Path, run_cli: RunCli, make_project: MakeProject
) -> None:
    """It is the only error: nothing speaks of a project that is not there."""
    make_project(FULLEST.replace("state: backend", "state_id_suffix: b"), "orders")
    (root / "dags" / "orders.py").write_text(FILE)
    shop = root / "meltano" / "shop"
    (shop / "meltano.yml").rename(shop / "meltano.yaml")
    code, _, err = run_cli(*command.split())
    assert (code, err.count("fix: ")) == (1, 1)
    assert "fix: Rename it to meltano.yml.\n" in err


def test_a_misspelt_dag_file(root: Path, run_cli: RunCli) -> None:
    (root / "dags" / "shop.py").rename(root / "dags" / "shpo.py")
    code, _, err = run_cli("validate")
    assert code == 1
    assert "Did you mean `shop`? Rename or remove the file." in err
    (root / "dags" / "shpo.py").rename(root / "dags" / "shop.py")
    assert run_cli("validate")[0] == 0


SETTINGS = {
    "retires: 3": "retries",
    "retries: three": "retries: 3",
    "execution_mode: k8s": "execution_mode: kubernetes",
    "tags: finance": "tags: [finance]",
    "run_timeout: 2 hours": "run_timeout: 2h",
    "run_timeout: soon": "run_timeout: 2h30m",
    "resources: {limits: {memory: 512MB}}": "memory: 512Mi",
    "resources: {memory: 1Gi}": "requests: {memory: 512Mi}",
    "environment: prdo": "prod",
    "select_filter: orders": "select_filter: [orders]",
    "timezone: Europe/Berln": "timezone: Europe/Berlin",
    "log_level: verbose": "log_level: debug",
    "image: Acme Meltano": "image: 'ghcr.io/acme/meltano:1.2'",
    "notify: data@example.com": "notify: {slack: slack_data}",
    "checks: {min_record: 1}": "min_records",
    "pod_override: {spec: {node_selector: {a: b}}}": "nodeSelector",
    "secret_env: {A: shop}": "secret_env: {TAP_SHOP_TOKEN: {secret: shop, key: token}}",
}
"""A setting with a mistake, and what the fix has between backticks."""


@pytest.mark.parametrize("wrong", SETTINGS)
def test_a_setting_with_a_mistake(wrong: str, root: Path, run_cli: RunCli) -> None:
    project = root / "meltano" / "shop" / "meltano.yml"
    text = (
        "environments: [{name: dev}, {name: prod}]\nannotations: {meltano_pods: {%s}}\n"
        "plugins: {extractors: [{name: tap-a}], loaders: [{name: target-b}]}\n"
        "jobs: [{name: load, tasks: tap-a target-b}]\n"
    )
    project.write_text(text % wrong)
    code, _, err = run_cli("plan")
    assert code == 1
    right = SETTINGS[wrong]
    assert f"`{right}`" in err.partition("fix: ")[2]
    if right.startswith(wrong.partition(":")[0] + ":"):
        project.write_text(text % right)
        assert run_cli("plan")[0] == 0
