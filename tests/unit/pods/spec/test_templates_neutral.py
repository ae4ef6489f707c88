"""Pods of projects that are not the example, from every template: meltano.yml decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from meltano_pods.pods.spec.preview import preview_pods
from meltano_pods.settings.deployment.read import parse_deployment
from meltano_pods.tasks.deployment import build_deployment
from meltano_pods.tasks.projects import plan_project

from tests.support.checkout import ROOT
from tests.support.pods import TEMPLATES, env, main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.projects import MakeProject

RUN_TEMPLATES = ("default.yaml", "kind.yaml", "astro.yaml")
PLUGINS = """
plugins:
  extractors: [{name: tap-a, namespace: tap_a}]
  loaders:
  - name: target-jsonl
    namespace: target_jsonl
    settings: [{name: destination_path}]
    config: {destination_path: /mnt/lake/shop}
schedules:
- {name: daily, interval: '@daily', extractor: tap-a, loader: target-jsonl, transform: skip}
"""
PROJECTS = {
    "no environments": (PLUGINS, None),
    "environments, none of them the default": (
        "environments: [{name: dev}, {name: prod}]" + PLUGINS, None,
    ),
    "a default environment": (
        "environments: [{name: dev}, {name: prod}]\ndefault_environment: dev" + PLUGINS, "dev",
    ),
    "a setting": (
        "environments: [{name: staging}]\n"
        "annotations: {meltano_pods: {environment: staging}}" + PLUGINS, "staging",
    ),
}  # fmt: skip
# What a template may say to every run: where a process keeps its files, never what Meltano or a
# plugin reads as a setting.
ALLOWED = {
    "HOME",
    "TMPDIR",
    "MELTANO_RUNNER_SCRATCH",
    "MELTANO_PODS_OUTPUT",
    "MELTANO_PODS_PROJECT",
}


@pytest.mark.parametrize("template", RUN_TEMPLATES)
@pytest.mark.parametrize("case", PROJECTS)
def test_the_pod_says_what_the_plan_says(
    case: str, template: str, make_project: MakeProject
) -> None:
    text, environment = PROJECTS[case]
    plan = plan_project(make_project(text))
    settings = parse_deployment({"execution_mode": "kubernetes", "pod_template": template})
    (pod,) = preview_pods(plan, build_deployment(ROOT, settings))
    (task,) = plan.tasks
    variables = env(pod.manifest)
    assert task.environment == environment
    assert variables.get("MELTANO_ENVIRONMENT") == environment
    assert variables["MELTANO_PROJECT_ROOT"] == "/meltano/shop"
    assert main(pod.manifest)["args"] == list(task.arguments)
    own = {
        "MELTANO_PROJECT_ROOT", "MELTANO_DATABASE_URI", "MELTANO_RUNNER_GRACE_SECONDS",
        "MELTANO_RUNNER_PROJECT_DIGEST", *(["MELTANO_ENVIRONMENT"] if environment else []),
    }  # fmt: skip
    assert variables.keys() <= own | ALLOWED
    assert "csv" not in yaml.safe_dump(pod.manifest)


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("*.yaml")), ids=lambda file: file.name)
def test_no_template_knows_a_project(file: Path) -> None:
    text = file.read_text()
    for example in ("csv_to_json", "csv-to-json", "tap-", "target-", "TAP_", "TARGET_", "DBT_"):
        assert example not in text
    pod: dict[str, Any] = yaml.safe_load(text)
    (container,) = pod["spec"]["containers"]
    assert not {"args", "command"} & container.keys()
    if file.name in RUN_TEMPLATES:
        assert "name" not in pod["metadata"]
        assert "envFrom" not in container
        assert {each["name"] for each in container["env"]} <= ALLOWED
