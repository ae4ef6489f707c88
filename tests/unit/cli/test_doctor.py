"""The findings of doctor from plain data; tests/cluster uses a real cluster."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from meltano_pods.cli.doctor.airflow import check_airflow, describe_state
from meltano_pods.cli.doctor.cluster import (
    check_cluster,
    list_needed_secrets,
    list_needs,
    list_service_accounts,
)
from meltano_pods.cli.doctor.facts import PERMISSIONS, Facts
from meltano_pods.cli.doctor.images import check_images
from meltano_pods.cli.doctor.local import RunProblem, report_problems
from meltano_pods.cli.doctor.pools import Pool, check_pools
from meltano_pods.cli.main import main
from meltano_pods.pods.spec.build import build_pod
from meltano_pods.pods.spec.preview import preview_pods
from meltano_pods.settings import Settings
from meltano_pods.settings.deployment.read import parse_deployment
from meltano_pods.tasks.deployment import build_deployment
from meltano_pods.tasks.projects import plan_project

from tests.support.checkout import ROOT
from tests.support.pods import RUN, SMALL, SPEC, options
from tests.support.projects import FULLEST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meltano_pods.cli.doctor.finding import Finding
    from meltano_pods.plan import ProjectPlan
    from meltano_pods.tasks.deployment import Deployment

    from tests.support.projects import MakeProject

PROVIDER = "apache-airflow-providers-cncf-kubernetes"
INSTALLED = {"apache-airflow-core": "3.3.2", PROVIDER: "10.25.0"}
SECRETS = {
    "registry": [".dockerconfigjson"],
    "shared": ["A"],
    "meltano-shop-env": ["TAP_A_TOKEN", "MELTANO_DATABASE_URI"],
    "vault": ["password"],
}
GOOD = Facts(
    namespace={"pod-security.kubernetes.io/enforce": "restricted"},
    exists=True,
    permissions=dict.fromkeys(PERMISSIONS, True),
    secrets=SECRETS,
    accounts=["loader"],
    quotas={"all": {"hard": {"requests.memory": "4Gi", "pods": "50"},
                    "used": {"requests.memory": "1Gi", "pods": "3"}}},
    limits=[{"type": "Container", "max": {"memory": "4Gi"}, "min": {"cpu": "1m"}}],
)  # fmt: skip


def pod_of(project: str, *, digest: str = "", deployment: str | None = None) -> dict[str, Any]:
    """Return a pod that some Airflow has started."""
    labels = {"meltano-pods/project": project}
    if deployment is not None:
        labels["meltano-pods/deployment"] = deployment
    env = [{"name": "MELTANO_RUNNER_PROJECT_DIGEST", "value": digest}]
    return {"metadata": {"labels": labels}, "spec": {"containers": [{"env": env}]}}


@pytest.fixture
def deployment() -> Deployment:
    return build_deployment(ROOT, parse_deployment({"execution_mode": "kubernetes"}))


@pytest.fixture
def plan(make_project: MakeProject) -> ProjectPlan:
    return plan_project(make_project(FULLEST))


@pytest.fixture
def pods(plan: ProjectPlan, deployment: Deployment) -> list[dict[str, Any]]:
    return [pod.manifest for pod in preview_pods(plan, deployment)]


def faults(found: Iterable[Finding]) -> list[tuple[str, str, str]]:
    every = list(found)
    assert all(each.fix for each in every if each.level in ("error", "warning"))
    return [(each.level, each.topic, each.what) for each in every if each.level != "ok"]


def test_what_pods_need(pods: list[dict[str, Any]]) -> None:
    assert list_needed_secrets(pods) == {
        "registry": {".dockerconfigjson"},
        "shared": set(),
        "meltano-shop-env": {"TAP_A_TOKEN"},
        "vault": {"password"},
    }
    assert list_service_accounts(pods) == {"loader"}
    assert ("secrets", "create") not in list_needs(pods).permissions


def test_a_pods_own_secret_is_created_with_it() -> None:
    sources = Settings.model_validate({"airflow_env": {"A": {"connection": "db"}}}).airflow_env
    pod = build_pod(SMALL, options(airflow_env=sources), SPEC, RUN)
    assert set(list_needed_secrets([pod])) == {"meltano-shop-env"}
    assert ("secrets", "create") in list_needs([pod]).permissions


def test_all_is_well(pods: list[dict[str, Any]]) -> None:
    found = check_cluster("meltano", GOOD, pods)
    assert faults(found) == []
    assert {each.topic for each in found} == {
        "namespace", "permissions", "secrets", "service account", "quota", "limit range",
    }  # fmt: skip


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no namespace": ({"exists": False, "namespace": {}}, "error", "there is no namespace"),
    "no standard": ({"namespace": {}}, "warning", "enforces no pod security standard"),
    "a lower standard": (
        {"namespace": {"pod-security.kubernetes.io/enforce": "baseline"}}, "warning",
        "enforces only `baseline`",
    ),
    "a right": (
        {"permissions": {**GOOD.permissions, ("pods/log", "get"): False}}, "error",
        "missing in `meltano`: get pods/log",
    ),
    "a secret": (
        {"secrets": {key: value for key, value in SECRETS.items() if key != "shared"}}, "error",
        "there is no Secret `shared`",
    ),
    "a key": (
        {"secrets": {**SECRETS, "vault": ["other"]}}, "error",
        "the Secret `vault` has no key password; it has: other",
    ),
    "unreadable secrets": ({"secrets": None}, "note", "you may not read them; pods need: meltano-"),
    "an account": ({"accounts": []}, "error", "there is no service account `loader`"),
    "a quota too small": (
        {"quotas": {"all": {"hard": {"limits.memory": "512Mi"}, "used": {}}}}, "error",
        "a single pod requests more than `all` allows: limits.memory: 1,024Mi of 512Mi",
    ),
    "a quota used up": (
        {"quotas": {"all": {"hard": {"pods": "3"}, "used": {"pods": "3"}}}}, "warning",
        "`all` is used up: pods 3 of 3",
    ),
    "a limit": (
        {"limits": [{"type": "Container", "max": {"memory": "512Mi"}}]}, "error",
        "a container has memory limits of 1Gi, the max is 512Mi",
    ),
    "drift": (
        {"pods": [pod_of("shop", digest="0" * 64)]}, "warning",
        "the latest pod of shop has another",
    ),
    "several deployments": (
        {"pods": [pod_of("other", deployment=each) for each in ("prod", "test", "test")]}, "note",
        "`meltano` has pods of several Airflow deployments: prod (1), test (2)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case: str, plan: ProjectPlan, deployment: Deployment) -> None:
    change, level, words = WRONG[case]
    pods = [pod.manifest for pod in preview_pods(plan, deployment)]
    found = faults(check_cluster("meltano", replace(GOOD, **change), pods))
    assert len(found) == 1
    assert found[0][0] == level
    assert words in found[0][2]


@pytest.mark.parametrize(
    ("image", "level"),
    [
        ("ghcr.io/acme/meltano@sha256:0a", "ok"),
        ("localhost:5001/meltano", "warning"),
        ("ghcr.io/acme/meltano:latest", "warning"),
        ("ghcr.io/acme/meltano:1.2", "warning"),
        ("", "error"),
        ("meltano-pods/meltano:dev", "error"),
    ],
)
def test_images_by_name(image: str, level: str) -> None:
    pod = {"spec": {"containers": [{"name": "meltano", "image": image}]}}
    (found,) = check_images([pod, pod])
    assert (found.level, found.topic) == (level, "image")


@pytest.mark.parametrize(
    ("content", "installed", "interval", "words"),
    [
        ({"deferrable": "true"}, INSTALLED, 5, "`[workers] min_heartbeat_interval` is 5"),
        ({}, {"apache-airflow-core": "3.3.2"}, 1, "Airflow's Kubernetes provider"),
        ({}, {**INSTALLED, "apache-airflow-core": "2.11.0"}, 1, "Airflow is 2.11.0"),
        ({}, {}, None, "Airflow is not installed here"),
    ],
)
def test_airflow(
    content: dict[str, str], installed: dict[str, str], interval: int | None, words: str
) -> None:
    deployment = build_deployment(
        ROOT, parse_deployment({"execution_mode": "kubernetes", **content})
    )
    (found,) = faults(check_airflow(deployment, installed, interval, pods=True))
    assert words in found[2]


def test_airflow_is_well() -> None:
    deployment = build_deployment(ROOT, parse_deployment({"deferrable": "true"}))
    assert faults(check_airflow(deployment, INSTALLED, 1, pods=True)) == []


def test_pools_are_named(plan: ProjectPlan) -> None:
    tasks = [task for dag in plan.dags for task in dag.tasks]
    assert list(check_pools(tasks, {})) == list(check_pools(tasks, None)) == []
    pooled = [replace(task, pool="warehouse") for task in tasks]
    (found,) = check_pools(pooled, None)
    assert found.level == "note"
    assert found.what.startswith("tasks use these pools: warehouse; they are not checked, because")
    assert "`airflow pools set warehouse 4 ''`" in found.fix
    (found,) = check_pools(pooled, {"warehouse": Pool(2, counts_deferred=False)})
    assert (found.level, found.what) == ("ok", "tasks use these pools: warehouse")


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        ({}, "there is no pool `turns`: its tasks never start"),
        ({"turns": Pool(0, counts_deferred=True)}, "has no slots"),
        (
            {"turns": Pool(2, counts_deferred=True)},
            "has 2 slots: tasks that write the same state",
        ),
        ({"turns": Pool(-1, counts_deferred=True)}, "has unlimited slots"),
        ({"turns": Pool(1, counts_deferred=False)}, "does not count deferred tasks"),
        ({"turns": Pool(1, counts_deferred=True)}, ""),
    ],
)
def test_a_pool_in_which_tasks_take_turns(
    plan: ProjectPlan, pool: dict[str, Pool], words: str
) -> None:
    tasks = [
        replace(
            task, pool="turns", settings=task.settings.model_copy(update={"state_pool": "turns"})
        )
        for dag in plan.dags
        for task in dag.tasks
    ]
    (found,) = check_pools(tasks, pool)
    assert found.level == ("error" if words else "ok")
    assert words in found.what
    if words:
        assert "`airflow pools set turns 1 'One at a time' --include-deferred`" in found.fix


def test_where_state_is_kept(plan: ProjectPlan) -> None:
    tasks = [task for dag in plan.dags for task in dag.tasks]
    (found,) = describe_state(tasks, execution_mode="kubernetes")
    assert found.what.startswith("state of 1 task: in a backend (`state`)")


def test_what_runs_lack_on_this_machine() -> None:
    shop, crm = Path("meltano/shop"), Path("meltano/crm")
    problems = [
        RunProblem(shop, "variable_missing", "PASSWORD", "the variable PASSWORD is not set: tap-a"),
        RunProblem(shop, "variable_missing", "PASSWORD", "the variable PASSWORD is not set: tap-b"),
        RunProblem(shop, "plugin_missing", "tap-a", "not installed"),
        RunProblem(shop, "plugin_missing", "target-b", "not installed"),
        RunProblem(crm, "variable_missing", "PASSWORD", "the variable PASSWORD is not set: tap-a"),
    ]
    found = list(report_problems(problems, installs=False))
    assert [(each.level, each.topic) for each in found] == [
        ("error", "variables"), ("error", "variables"), ("error", "plugins"),
    ]  # fmt: skip
    assert found[0].fix.startswith("If the name is misspelled, correct it")
    assert found[0].fix.endswith("`PASSWORD=...` to meltano/shop/.env, or export PASSWORD.")
    assert found[2].what.endswith("machine: tap-a, target-b")
    assert found[2].fix == "Run `meltano install` in meltano/shop."
    (*_, plugins) = report_problems(problems[:3], installs=True)
    assert plugins.level == "warning"  # `make run` installs them


LACKING = """\
plugins:
  extractors:
  - {name: tap-a, namespace: tap_a, pip_url: tap-a, config: {password: $SNOWFLAKE_PASSWORD}}
  - {name: tap-hub}
  loaders: [{name: target-b, namespace: target_b, pip_url: target-b}]
jobs: [{name: one, tasks: [tap-a target-b, tap-hub target-b]}]
"""


def test_it_reports_what_validate_and_a_run_would(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:  # fmt: skip
    """With the runner itself, which answers without Meltano."""
    monkeypatch.chdir(make_project(LACKING).parents[1])
    (tmp_path / "dags").mkdir()
    runner = tmp_path / "meltano-runner"
    runner.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m meltano_runner "$@"\n')
    runner.chmod(0o755)
    monkeypatch.setattr("meltano_pods.local.runner.find_runner", lambda *_: runner)
    assert main(["doctor", "--format", "json"]) == 1
    found = json.loads(capfd.readouterr().out)
    whats = [(each["level"], each["what"]) for each in found if each["level"] != "ok"]
    for level, words in (
        ("error", "the variable SNOWFLAKE_PASSWORD is not set"),
        ("error", "not installed on this machine: tap-a, target-b"),
        ("error", "has no DAG file"),
        ("warning", "Meltano Hub"),
    ):
        assert any(level == each and words in what for each, what in whats), (words, whats)


def test_it_says_so_without_a_cluster(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:  # fmt: skip
    root = make_project(FULLEST).parents[1]
    monkeypatch.chdir(root)
    (root / "k8s").symlink_to(ROOT / "k8s")
    monkeypatch.setattr(
        "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none")
    )

    def talkative() -> dict[str, str]:
        print("what a logger of Airflow's says")
        return INSTALLED

    # The package has the command by the module's name.
    monkeypatch.setattr(sys.modules["meltano_pods.cli.doctor.command"], "find_versions", talkative)
    assert main(["doctor", "--profile", "external", "--format", "json"]) == 0
    found = {each["topic"]: each for each in json.loads(capfd.readouterr().out)}
    assert found["projects"]["level"] == "ok"
    assert found["cluster"]["level"] == "note"
    assert found["cluster"]["what"].startswith("not checked: no cluster is named")
    assert "--kubeconfig" in found["cluster"]["fix"]


def test_pods_of_one_airflow_and_of_the_command_line_are_not_worth_a_word(
    pods: list[dict[str, Any]],
) -> None:
    there = [pod_of("other", deployment="prod"), pod_of("other")]
    topics = {each.topic for each in check_cluster("meltano", replace(GOOD, pods=there), pods)}
    assert "deployments" not in topics


def test_with_an_id_of_its_own_the_others_are_named(pods: list[dict[str, Any]]) -> None:
    there = [pod_of("other", deployment=each) for each in ("prod", "test")]
    for pod in pods:
        pod["metadata"]["labels"]["meltano-pods/deployment"] = "test"
    found = check_cluster("meltano", replace(GOOD, pods=there), pods)
    (note,) = [each for each in found if each.topic == "deployments"]
    assert note.what == "`meltano` has pods of other Airflow deployments: prod (1)"
