"""Pods of planned tasks under each profile, against Kubernetes' schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
from meltano_pods.pods.spec.preview import preview_pods
from meltano_pods.settings.deployment.profiles import PROFILES
from meltano_pods.settings.deployment.read import parse_deployment
from meltano_pods.tasks.deployment import build_deployment
from meltano_pods.tasks.projects import plan_project

from tests.support.checkout import ROOT
from tests.support.projects import FULLEST
from tests.support.schemas import validate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.projects import MakeProject


def pods(folder: Path, profile: str) -> list[dict[str, Any]]:
    content = {"profile": profile, "execution_mode": "kubernetes", "deployment": "prod"}
    deployment = build_deployment(ROOT, parse_deployment(content), "airflows-own")
    return [pod.manifest for pod in preview_pods(plan_project(folder), deployment)]


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
    text = FULLEST.replace("    environment: prod\n", "    execution_mode: local\n")
    assert pods(make_project(text), "astro") == []
