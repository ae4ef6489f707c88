"""The guides' snippets: settings that are allowed, pods and objects that Kubernetes takes."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from meltano_pods.plan import plan
from meltano_pods.pods.spec.options import read_cluster_access
from meltano_pods.pods.spec.preview import preview_pods
from meltano_pods.project import read_project
from meltano_pods.settings.deployment.read import parse_deployment
from meltano_pods.tasks.deployment import build_deployment

from tests.charts.restricted import violations
from tests.docs.blocks import code_blocks
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.settings.deployment.model import DeploymentSettings

pytest.importorskip("airflow.providers.cncf.kubernetes")

from meltano_pods.pods.cluster.connect import ClusterHook

HOW_TO = ROOT / "docs" / "how-to"
ASTRO, EXTERNAL = HOW_TO / "deploy-astro.md", HOW_TO / "external-cluster.md"
PLUGINS = """
plugins:
  extractors: [{name: tap-shop}]
  loaders: [{name: target-postgres}]
jobs:
- {name: load, tasks: tap-shop target-postgres}
"""
_PREFIX = "AIRFLOW__MELTANO_PODS__"


def variables(page: Path) -> list[dict[str, str]]:
    blocks = [block for block in code_blocks(page, "dotenv") if "AIRFLOW_" in block]
    return [dict(line.split("=", 1) for line in block.splitlines()) for block in blocks]


def output(variables: dict[str, str]) -> DeploymentSettings:
    return parse_deployment(
        {
            name.removeprefix(_PREFIX).lower(): value
            for name, value in variables.items()
            if name.startswith(_PREFIX)
        }
    )


@pytest.mark.parametrize("page", [ASTRO, EXTERNAL], ids=lambda page: page.stem)
def test_the_variables_are_settings(page: Path) -> None:
    found = variables(page)
    assert found
    for each in found:
        output(each)
    assert output(found[0]).profile in ("astro", "external")


@pytest.mark.parametrize("number", range(4))
def test_what_projects_say_on_astro_becomes_a_pod(number: int, tmp_path: Path) -> None:
    blocks = code_blocks(ASTRO, "yaml")
    assert len(blocks) == 4
    (tmp_path / "meltano.yml").write_text(blocks[number] + PLUGINS)
    deployment = build_deployment(ROOT, output(variables(ASTRO)[0]), "astro-namespace")
    (pod,) = preview_pods(plan(read_project(tmp_path)), deployment)
    kubernetes_validate.validate(pod.manifest, "1.35", strict=True)
    assert "env-secrets" in json.dumps(pod.manifest)


def named(page: Path, name: str) -> Any:
    (found,) = [each for each in code_blocks(page, "yaml") if each.startswith(f"# {name}\n")]
    return yaml.safe_load(found)


def test_the_charts_values_are_allowed() -> None:
    chart = ROOT / "charts" / "meltano-pods"
    schema = json.loads((chart / "values.schema.json").read_text())
    values = yaml.safe_load((chart / "values.yaml").read_text())
    output = named(EXTERNAL, "external.yaml")
    # As Helm lays one file over another: maps merge, lists replace.
    values |= {**output, "rbac": {**values["rbac"], **output["rbac"]}}
    jsonschema.Draft202012Validator(schema).validate(values)


def test_the_roles_that_are_bound_are_the_charts() -> None:
    names = (ROOT / "charts" / "meltano-pods" / "templates" / "_names.tpl").read_text()
    for role in re.findall(r"--role=meltano-pods-(\w+)", EXTERNAL.read_text()):
        assert f"meltano-pods.name.{role}" in names


def test_the_token_is_a_secret() -> None:
    kubernetes_validate.validate(named(EXTERNAL, "token.yaml"), "1.35", strict=True)


def test_files_with_secrets_reach_neither_git_nor_an_image() -> None:
    files = {"csv_to_json.env", "kubeconfig"}
    commands = "\n".join(code_blocks(EXTERNAL, "bash"))
    assert {
        word for each in re.findall(r"^rm .+$", commands, re.MULTILINE) for word in each.split()
    } > files
    git = ["git", "check-ignore", "--no-index", *files]
    assert set(subprocess.check_output(git, cwd=ROOT, text=True).split()) == files
    for ignored in (".dockerignore", "Dockerfile.meltano.dockerignore"):
        assert {"**/*.env", "**/kubeconfig"} <= set((ROOT / ignored).read_text().splitlines())


def test_a_mounted_kubeconfig_leads_to_the_cluster(tmp_path: Path) -> None:
    context = {"cluster": "prod", "user": "airflow"}
    kubeconfig = {
        "clusters": [{"name": "prod", "cluster": {"server": "https://cluster.example.com"}}],
        "users": [{"name": "airflow", "user": {"token": "token"}}],
        "contexts": [{"name": "prod", "context": context}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    profile, file = variables(EXTERNAL)
    file[f"{_PREFIX}KUBECONFIG"] = str(tmp_path / "kubeconfig")
    client = ClusterHook(read_cluster_access(output(profile | file))).get_conn()
    assert client.configuration.host == "https://cluster.example.com"


def test_the_pod_to_look_around_in_is_let_in() -> None:
    pod = named(HOW_TO / "debug-with-kubectl.md", "look.yaml")
    kubernetes_validate.validate(pod, "1.35", strict=True)
    assert violations(pod) == []


def test_an_exec_user_has_what_the_client_asks_for() -> None:
    (user,) = named(EXTERNAL, "users, for EKS")
    assert user["user"]["exec"].keys() == {"apiVersion", "command", "args", "interactiveMode"}


def test_every_secret_and_variable_of_the_workflow_is_in_the_guide() -> None:
    text = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    used = set(re.findall(r"(?:vars|secrets)\.(\w+)", text))
    assert used == {name for name in used if f"| `{name}` |" in ASTRO.read_text()}


@pytest.mark.parametrize("number", range(2))
def test_the_dags_of_ones_own_load(number: int, tmp_path: Path) -> None:
    block = code_blocks(ROOT / "docs" / "how-to" / "own-dags.md", "python")[number]
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "own.py").write_text(block)
    (tmp_path / "meltano").symlink_to(ROOT / "meltano")
    bag = DagBag(str(tmp_path / "dags"))
    assert bag.import_errors == {}
    (dag,) = bag.dags.values()
    assert "load" in dag.task_ids
