"""All checks, over one project's folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from meltano_pods.errors import DeploymentError, MeltanoPodsError
from meltano_pods.pods.spec.preview import preview_pods
from meltano_pods.project.files import find_project_folders
from meltano_pods.settings.deployment.read import SECTION, parse_deployment
from meltano_pods.tasks.deployment import build_deployment
from meltano_pods.tasks.projects import plan_project

from tools.astro_check import images, layouts, links, pods, requirements
from tools.astro_check.dockerfile import read_dockerfile
from tools.astro_check.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PREFIX = f"AIRFLOW__{SECTION}__".upper()


def check(
    root: Path, *, pinned: bool = True, environment: Mapping[str, str] = os.environ
) -> list[Finding]:
    """Return everything that Astro would reject, or handle differently than intended.

    Args:
        root: The Airflow project's folder.
        pinned: Whether the Meltano image must be set already; a workflow sets it later.
        environment: Variables of the deployment, beside those of the Dockerfile.
    """
    findings = [
        *requirements.check(root),
        *images.check(root),
        *layouts.check(root),
        *links.check(root),
        *_projects(root, environment, pinned=pinned),
    ]
    return list(dict.fromkeys(findings))


def _projects(root: Path, environment: Mapping[str, str], *, pinned: bool) -> Iterator[Finding]:
    variables = {**read_dockerfile(root / "Dockerfile").env, **environment}
    output = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in variables.items()
        if name.startswith(_PREFIX)
    }
    try:
        # Where the deployment's variables are not known here, as in a workflow, Astro's is meant.
        deployment = build_deployment(root, parse_deployment({**output, "profile": "astro"}))
    except DeploymentError as error:
        yield _of_error("Dockerfile", error)
        return
    for folder in find_project_folders(root / "meltano"):
        file = f"meltano/{folder.name}/meltano.yml"
        yield from layouts.check_dag_file(root, folder.name)
        try:
            plan = plan_project(folder)
            yield from (_of_error(file, error) for error in plan.errors)
            for pod in preview_pods(plan, deployment):
                yield from pods.check(file, pod, pinned=pinned)
        except MeltanoPodsError as error:
            yield _of_error(file, error)


def _of_error(file: str, error: MeltanoPodsError) -> Finding:
    return Finding(file, str(error.where), error.what, "what the fix says", error.fix)
