"""Reads a pod template: plain YAML of a pod, which `kubectl apply` takes as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from meltano_pods.errors import DeploymentError
from meltano_pods.names import listed
from meltano_pods.settings.override import RUN_CONTAINER
from meltano_pods.settings.podfields import problems

if TYPE_CHECKING:
    from pathlib import Path


def read_template(file: Path) -> dict[str, Any]:
    """Return the manifest in `file`.

    Raises:
        DeploymentError: The file cannot be read, is not a pod, or lacks the run's container.
    """
    where = f"pod template {file}"
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DeploymentError(
            f"it cannot be read: {error}", where, "Mend the file, or name another `pod_template`."
        ) from error
    if not isinstance(data, dict) or data.get("kind") != "Pod":
        raise DeploymentError(
            "it is not the manifest of one pod",
            where,
            "Begin it with `apiVersion: v1` and `kind: Pod`; default.yaml is an example.",
        )
    wrong = next(problems(data, "V1Pod"), None)
    if wrong is not None:
        raise DeploymentError(wrong.what, f"{where}, key {'.'.join(wrong.path)}", wrong.fix)
    names = [each.get("name") for each in (data.get("spec") or {}).get("containers") or []]
    if RUN_CONTAINER not in names:
        raise DeploymentError(
            f"it has no container `{RUN_CONTAINER}`; its containers are: {listed(map(str, names))}",
            where,
            f"Call the container that runs Meltano `{RUN_CONTAINER}`.",
        )
    return data
