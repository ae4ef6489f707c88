"""Reads a pod template: the YAML manifest of a pod, which the settings complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from meltano_runner.contract.secret_rule import describe_secret

from meltano_pods.errors import DeploymentError
from meltano_pods.names import list_names
from meltano_pods.settings.deployment.read import get_variable_name
from meltano_pods.settings.podspec.fields import find_problems
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER
from meltano_pods.settings.secret_check import list_pod_variables
from meltano_pods.settings.types.env_names import reject_run_variable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


def read_template(file: Path) -> dict[str, Any]:
    """Return the manifest in `file`.

    Raises:
        DeploymentError: The file cannot be read, is not a pod, lacks the run's container, or sets
            an option of the run there, such as MELTANO_ENVIRONMENT.
    """
    where = f"pod template {file}"
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DeploymentError(
            f"it cannot be read: {error}", where, "Fix the file, or set another `pod_template`."
        ) from error
    if not isinstance(data, dict) or data.get("kind") != "Pod":
        raise DeploymentError(
            "it is not the manifest of a pod",
            where,
            "Start it with `apiVersion: v1` and `kind: Pod`, as in default.yaml.",
        )
    wrong = next(find_problems(data, "V1Pod"), None)
    if wrong is not None:
        raise DeploymentError(wrong.what, f"{where}, key {'.'.join(wrong.path)}", wrong.fix)
    containers = (data.get("spec") or {}).get("containers") or []
    names = [each.get("name") for each in containers]
    if RUN_CONTAINER not in names:
        raise DeploymentError(
            f"it has no container `{RUN_CONTAINER}`; its containers: {list_names(map(str, names))}",
            where,
            f"Name the container that runs Meltano `{RUN_CONTAINER}`.",
        )
    _reject_run_variables(containers[names.index(RUN_CONTAINER)], where)
    return data


def _reject_run_variables(container: Mapping[str, Any], where: str) -> None:
    """Reject variables with which every run would differ from its plan."""
    for index, variable in enumerate(container.get("env") or ()):
        try:
            reject_run_variable(str(variable.get("name")))
        except ValueError as error:
            raise DeploymentError(
                str(error),
                f"{where}, container {RUN_CONTAINER}, env[{index}]",
                "Remove it from the template.",
            ) from None


def check_variables(template: Mapping[str, Any], file: Path, not_secret: Collection[str]) -> None:
    """Reject secrets among the plain variables of a template.

    Args:
        template: As `read_template` returns it.
        file: Its file.
        not_secret: Names of variables that hold no secret, whatever they look like.

    Raises:
        DeploymentError: There is one.
    """
    for path, name, value in list_pod_variables(template):
        if (held := describe_secret(name, str(value), not_secret)) is not None:
            raise DeploymentError(
                f"{name} {held}, and Kubernetes shows the values of a pod's variables",
                f"pod template {file}, key {'.'.join(path)}",
                "Refer to a Secret instead: "
                f"`valueFrom: {{secretKeyRef: {{name: NAME, key: {name}}}}}`. If it is not a "
                f"secret, add it to {get_variable_name('not_secret')}.",
            )
