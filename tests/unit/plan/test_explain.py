"""What set a setting: value, level, file and line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from meltano_pods.cli.main import main
from meltano_pods.plan import plan
from meltano_pods.plan.explain import ExplainedSetting, explain_settings
from meltano_pods.project import read_project
from meltano_pods.settings import Settings
from meltano_pods.settings.deployment.defaults import SHARED_SETTINGS
from meltano_pods.settings.deployment.read import parse_deployment

if TYPE_CHECKING:
    from tests.support.projects import MakeProject

PROJECT = """\
default_environment: dev
environments:
- name: dev
  annotations:
    meltano_pods: {retries: 4, env: {B: env}}
plugins:
  extractors:
  - name: tap
    annotations:
      meltano_pods: {resources: {requests: {memory: 256Mi}}}
  loaders:
  - name: target
    annotations:
      meltano_pods: {resources: {requests: {memory: 1Gi, cpu: 1}}}
annotations:
  meltano_pods:
    retries: 3
    image: a/b:1
    tags: [a]
    env: {A: project, B: project, C: project}
    resources: {requests: {memory: 128Mi}, limits: {cpu: 2}}
    pod_override:
      spec: {nodeSelector: {pool: big}, containers: [{name: meltano, tty: true}]}
jobs:
- name: load
  tasks: [tap target]
  annotations:
    meltano_pods:
      run_timeout: 90m
      image: null
      pod_override:
        spec: {containers: [{name: meltano, stdin: true}]}
      tasks:
        tap-to-target: {retries: 5}
schedules:
- name: daily
  job: load
  interval: '@daily'
  env: {C: schedule}
"""
FILE = "meltano/shop/meltano.yml"


def rows(make_project: MakeProject, **content: str) -> dict[str, ExplainedSetting]:
    (task,) = plan(read_project(make_project(PROJECT))).dags[0].tasks
    return {each.key: each for each in explain_settings(task, parse_deployment(content))}


EXPECTED = {
    "retries": (5, "task", f"{FILE}:34"),
    "run_timeout": ("90m", "job", f"{FILE}:29"),
    "tags": (["a"], "project", f"{FILE}:19"),
    "env.A": ("project", "project", f"{FILE}:20"),
    "env.B": ("env", "environment", f"{FILE}:5"),
    "env.C": ("schedule", "schedule", f"{FILE}:39"),
    "resources.requests.memory": ("1280Mi", "plugin, plugin", f"{FILE}:10, {FILE}:14"),
    "resources.requests.cpu": (1, "plugin", f"{FILE}:14"),
    "resources.limits.cpu": (2, "project", f"{FILE}:21"),
    "pod_override.spec.nodeSelector.pool": ("big", "project", f"{FILE}:23"),
    "pod_override.spec.containers": (
        [{"name": "meltano", "tty": True, "stdin": True}], "project, job", f"{FILE}:23, {FILE}:32",
    ),
    "image": ("c/d:2", "deployment", "AIRFLOW__MELTANO_PODS__IMAGE"),
    "execution_mode": ("kubernetes", "deployment", "profile `astro`"),
    "deferrable": (False, "default", ""),
    "termination_grace_period": ("2m", "default", ""),
    "environment": ("dev", "default", ""),
    "notify": ({"slack": ["data"]}, "deployment", "AIRFLOW__MELTANO_PODS__NOTIFY"),
}  # fmt: skip


@pytest.mark.parametrize("key", EXPECTED)
def test_who_set_it(make_project: MakeProject, key: str) -> None:
    found = rows(make_project, profile="astro", image="c/d:2", notify="{slack: data}")[key]
    assert (json.loads(json.dumps(found.value)), found.level, found.where) == EXPECTED[key]


def test_every_setting_is_there(make_project: MakeProject) -> None:
    assert {key.partition(".")[0] for key in rows(make_project)} == set(Settings.model_fields)


def test_nobody_is_told_anything(make_project: MakeProject) -> None:
    assert rows(make_project, notify="off")["notify"].value == "off"
    assert rows(make_project)["notify"].level == "default"


def test_an_empty_list_of_secrets_is_said(make_project: MakeProject) -> None:
    text = PROJECT.replace("image: null", "secrets: []")
    (task,) = plan(read_project(make_project(text))).dags[0].tasks
    found = {each.key: each for each in explain_settings(task, parse_deployment({"secrets": "s"}))}
    assert (found["secrets"].value, found["secrets"].level) == ([], "job")
    assert found["image"].level == "project"


def test_the_deployments_settings_are_settings() -> None:
    assert set(SHARED_SETTINGS) <= set(Settings.model_fields)


def test_the_command(
    make_project: MakeProject, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_project(PROJECT).parents[1]
    monkeypatch.chdir(root)
    monkeypatch.setenv("AIRFLOW_HOME", str(root / "airflow"))
    assert main(["plan", "--settings"]) == 0
    head, names, *lines = capfd.readouterr().out.splitlines()
    assert head == "shop.daily tap-to-target"
    assert names.split() == ["SETTING", "VALUE", "SET", "BY", "WHERE"]
    assert ["retries", "5", "task", f"{FILE}:34"] in [line.split() for line in lines]
    assert main(["plan", "--settings", "--format", "json"]) == 0
    (dag,) = json.loads(capfd.readouterr().out)[0]["dags"]
    (retries,) = [each for each in dag["tasks"][0]["settings"] if each["key"] == "retries"]
    assert retries == {"key": "retries", "value": 5, "level": "task", "where": f"{FILE}:34"}
