"""The chart uses the names that pods expect."""

from __future__ import annotations

import pytest
import yaml
from meltano_pods.pods.spec.naming import build_secret_name
from meltano_pods.project.naming import is_project_name

from tests.charts.helm import containers, one, pods, render
from tests.support.checkout import ROOT

PROJECTS = ("csv_to_json", "Shop", "my-Shop_2", "a" * 50, "A_" + "b-c_" * 12)
IMAGE = "registry.example.com/image:1"


@pytest.mark.parametrize("project", PROJECTS)
def test_the_secret_of_a_project_is_the_one_that_its_pods_refer_to(project: str) -> None:
    assert is_project_name(project)
    values = {"image": IMAGE, "projects": {project: {"localSecret": {"A": "b"}}}}
    objects = render("meltano-pods", values)
    (secret,) = [each["metadata"]["name"] for each in objects if each["kind"] == "Secret"]
    assert secret == build_secret_name(project)
    (migrate,) = containers(pods(objects)["Job meltano-migrate"])
    assert secret in str(migrate)
    assert not migrate["name"].endswith("-")


@pytest.mark.parametrize("template", ["default.yaml", "kind.yaml"])
def test_pods_have_the_service_account_of_the_chart(template: str) -> None:
    pod = yaml.safe_load((ROOT / "k8s" / "pod_templates" / template).read_text())
    account = pod["spec"]["serviceAccountName"]
    assert one(render("meltano-pods", {"image": IMAGE}), "ServiceAccount", account)
