"""Pods of planned tasks under each profile, against Kubernetes' schemas; what `make plan` says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml
from meltano_pods.settings.deployment import deployment_settings
from meltano_pods.settings.profiles import PROFILES
from meltano_pods.tasks.deployment import deployment_at

from tests.unit.pods import TEMPLATES
from tools.plan import main
from tools.planned import planned, planned_pods

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.projects import MakeProject

KUBERNETES = "1.35"
ROOT = TEMPLATES.parents[1]
# Everything a project can say about its pods.
FULLEST = """\
plugins:
  extractors:
  - name: tap-a
    annotations: {meltano_pods: {resources: {limits: {memory: 1Gi, example.com/gpu: 1}}}}
  loaders: [{name: target-b}]
environments: [{name: prod}]
annotations:
  meltano_pods:
    environment: prod
    image: ghcr.io/acme/meltano:1.0
    image_pull_policy: IfNotPresent
    image_pull_secrets: [registry]
    service_account: loader
    secrets: [shared]
    secret_env:
      TAP_A_TOKEN:
      TAP_A_PASSWORD: {secret: vault, key: password}
    state: backend
    env: {MELTANO_STATE_BACKEND_URI: 's3://bucket/shop', REGION: eu}
    stop_grace: 30s
    run_timeout: 2h
    pod_override:
      metadata: {labels: {team: data}, annotations: {example.com/owner: data}}
      spec:
        nodeSelector: {pool: big}
        tolerations: [{key: big, operator: Exists, effect: NoSchedule}]
        topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
schedules:
- {name: daily, interval: '@daily', extractor: tap-a, loader: target-b, transform: skip}
"""


def validate(pod: dict[str, Any]) -> None:
    kubernetes_validate.validate(pod, KUBERNETES, strict=True)


def pods(folder: Path, profile: str) -> list[dict[str, Any]]:
    said = {"profile": profile, "launcher": "kubernetes", "deployment": "prod"}
    deployment = deployment_at(ROOT, deployment_settings(said), "airflows-own")
    return [pod.manifest for pod in planned_pods(planned(folder), deployment)]


@pytest.mark.parametrize("profile", ["default", *PROFILES])
def test_the_pods_of_each_profile_are_kubernetes_own(
    make_project: MakeProject, profile: str
) -> None:
    made = [*pods(ROOT / "meltano" / "csv_to_json", profile), *pods(make_project(FULLEST), profile)]
    assert len(made) > 2
    for pod in made:
        validate(pod)
    namespaces = {pod["metadata"].get("namespace") for pod in made}
    assert namespaces == {"meltano" if profile == "external" else "airflows-own"}


def test_the_schemas_refuse_what_is_none_of_kubernetes(make_project: MakeProject) -> None:
    (pod,) = pods(make_project(FULLEST), "astro")
    pod["spec"]["containers"][0]["envv"] = []
    with pytest.raises(kubernetes_validate.ValidationError, match="envv"):
        validate(pod)


def test_a_task_in_the_worker_has_no_pod(make_project: MakeProject) -> None:
    text = FULLEST.replace("    environment: prod\n", "    launcher: process\n")
    assert pods(make_project(text), "astro") == []


@pytest.fixture
def root(make_project: MakeProject) -> Path:
    root = make_project(FULLEST).parents[1]
    (root / "k8s").mkdir()
    (root / "k8s" / "pod_templates").symlink_to(TEMPLATES)
    return root


def test_the_plan_as_people_read_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(root)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("shop (digest ")
    assert said[1:] == [
        "  shop.daily: 0 0 * * *, prod",
        "    tap-a-to-target-b: run tap-a target-b --state-id daily --timeout 7200",
    ]


def test_the_plan_and_its_pods_for_other_programs(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["dags"][0]["dag_id"] == "shop.daily"
    assert main(["--root", str(root), "--pods", "astro"]) == 0
    (pod,) = yaml.safe_load_all(capsys.readouterr().out)
    validate(pod)
    assert pod["spec"]["containers"][0]["image"] == "ghcr.io/acme/meltano:1.0"


def test_dags_that_share_a_state(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = root / "meltano" / "shop" / "meltano.yml"
    file.write_text(
        FULLEST + "jobs: [{name: one, tasks: tap-a target-b}, {name: two, tasks: tap-a target-b}]\n"
    )
    assert main(["--root", str(root)]) == 1
    assert "`shop.job.one` and `shop.job.two` share the state" in capsys.readouterr().err


def test_a_project_that_cannot_be_planned(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = root / "meltano" / "shop" / "meltano.yml"
    file.write_text(FULLEST.replace("loader: target-b", "loader: target-x"))
    assert main(["--root", str(root)]) == 1
    assert "fix: " in capsys.readouterr().err
