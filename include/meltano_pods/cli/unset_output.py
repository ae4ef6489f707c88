"""Finds projects whose pods have no MELTANO_PODS_OUTPUT, though their settings refer to it.

It names a folder that outlives the run, and is set for runs on this machine, in the cluster of
`make up` and by `astro dev start`. Elsewhere a run would fail with `variable_missing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_runner.contract.environment import OUTPUT

from meltano_pods.cli.shadowed import settings_of, variables_of
from meltano_pods.errors import ProjectError
from meltano_pods.settings.types.execution import KUBERNETES
from meltano_pods.tasks.execution_mode import get_execution_mode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_pods.errors import Location
    from meltano_pods.tasks.deployment import Deployment
    from meltano_pods.tasks.planned import PlannedProject


def unset_output(planned: PlannedProject, deployment: Deployment) -> Iterator[ProjectError]:
    """Yield a warning for each setting that refers to the variable where no pod has it.

    Args:
        planned: The project.
        deployment: Where its tasks would run.

    Raises:
        MeltanoPodsError: The pod template cannot be read.
    """
    project = planned.project
    reported: set[Location] = set()
    if OUTPUT in project.env:
        return
    for task in planned.plan.tasks:
        if get_execution_mode(task, deployment) != KUBERNETES:
            continue
        known = (variables_of(task, project.name, deployment), task.env, task.settings.secret_env)
        if any(OUTPUT in each for each in known):
            continue
        for setting in settings_of(task, project, planned.settings):
            if OUTPUT in setting.references and setting.where not in reported:
                reported.add(setting.where)
                yield ProjectError(
                    f"the setting `{setting.name}` of {setting.owner} refers to ${OUTPUT}, which "
                    "nothing sets in the pods of this deployment",
                    setting.where,
                    "Name a destination that outlives the pod, such as a bucket or a database, or "
                    f"set `{OUTPUT}` under `env` of the container in the pod template, to a folder "
                    "on a volume, as k8s/pod_templates/kind.yaml does.",
                )
