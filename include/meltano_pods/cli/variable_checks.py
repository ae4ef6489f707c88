"""Finds variables that change what a project's files mean: those that shadow them, and one not set.

Meltano prefers a variable to meltano.yml. A pod template, the deployment's `local_env`, the
environment of Airflow's workers, the setting `env` and `pod_override` can all set variables. A run
then differs from what meltano.yml says, and its log does not show it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_runner.contract.environment import OUTPUT

from meltano_pods.errors import Location, ProjectError
from meltano_pods.pods.spec.options import build_pod_options
from meltano_pods.project.yaml.nodes import parse_yaml
from meltano_pods.settings.deployment.read import get_variable_name
from meltano_pods.settings.layers import find_place
from meltano_pods.settings.podspec.reserved import RUN_CONTAINER
from meltano_pods.settings.types.execution import KUBERNETES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from meltano_pods.plan import TaskPlan
    from meltano_pods.project.configured_settings import ConfiguredSetting, ConfiguredSettings
    from meltano_pods.project.model import Project
    from meltano_pods.tasks.deployment import Deployment
    from meltano_pods.tasks.projects import PlannedProject

_Variables = dict[str, Location | str]


def find_shadowed_settings(
    planned: PlannedProject,
    deployment: Deployment,
    worker: Collection[str] = (),
) -> Iterator[ProjectError]:
    """Yield a warning for each setting in a project's files that a variable shadows.

    Args:
        planned: The project.
        deployment: Where its tasks would run.
        worker: Names of the variables of a worker's environment, if it is known.

    Raises:
        MeltanoPodsError: The pod template cannot be read.
    """
    project = planned.project
    reported: set[tuple[str, Location]] = set()
    for task in planned.plan.tasks:
        variables = collect_variables(task, project.name, deployment, worker)
        for setting in iterate_run_settings(task, project, planned.settings):
            for name in sorted(setting.variables & variables.keys()):
                if (name, setting.where) not in reported:
                    reported.add((name, setting.where))
                    yield _warn_shadowed(setting, name, variables[name])


def find_unset_output(planned: PlannedProject, deployment: Deployment) -> Iterator[ProjectError]:
    """Yield a warning for each setting that refers to MELTANO_PODS_OUTPUT if no pod has it.

    The variable names a folder that outlives the run. Runs on this machine, in the cluster of
    `make up` and under `astro dev start` have it. Elsewhere a run would fail with
    `variable_missing`.

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
        if deployment.get_execution_mode(task) != KUBERNETES:
            continue
        known = (
            collect_variables(task, project.name, deployment),
            task.env,
            task.settings.secret_env,
        )
        if any(OUTPUT in each for each in known):
            continue
        for setting in iterate_run_settings(task, project, planned.settings):
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


def _warn_shadowed(setting: ConfiguredSetting, name: str, place: Location | str) -> ProjectError:
    return ProjectError(
        f"the setting `{setting.name}` of {setting.owner} has no effect: Meltano prefers the "
        f"variable {name}, which is set in {place}",
        setting.where,
        f"Remove the variable there, or the setting here. If the value is meant to differ between "
        f"deployments, set a variable of another name there and write `{setting.name}: $OTHER_NAME`"
        " here.",
    )


def iterate_run_settings(
    task: TaskPlan, project: Project, settings: ConfiguredSettings
) -> Iterator[ConfiguredSetting]:
    """Yield the settings that a task's run reads."""
    yield from settings.find_meltano_settings()
    names = [*(name for pair in task.pipelines for name in pair), *task.utilities]
    for name in dict.fromkeys(names):
        if (plugin := project.find_plugin(name)) is not None:
            yield from settings.find_plugin_settings(plugin, task.environment)


def collect_variables(
    task: TaskPlan, project: str, deployment: Deployment, worker: Collection[str] = ()
) -> _Variables:
    """Return the variables that a task's run gets, with the place that sets each."""
    own: _Variables = {
        name: find_place(task.layers, "env", name) for name in task.settings.env if task.layers
    }
    if deployment.get_execution_mode(task) != KUBERNETES:
        place = f"the deployment's `local_env` ({get_variable_name('local_env')})"
        of_deployment = dict.fromkeys(deployment.settings.local_env, place)
        of_worker = dict.fromkeys(worker, "the environment of this process")
        return {**of_deployment, **of_worker, **own}
    options = build_pod_options(task, deployment, project)
    of_override: _Variables = {
        name: find_place(task.layers, "pod_override")
        for name in _list_container_variables(options.override)
    }
    return {**_read_template_variables(options.template), **own, **of_override}


def _list_container_variables(pod: Mapping[str, object]) -> Iterator[str]:
    spec = pod.get("spec")
    for container in (spec.get("containers") or ()) if isinstance(spec, dict) else ():
        if container.get("name") == RUN_CONTAINER:
            yield from (str(each.get("name")) for each in container.get("env") or ())


def _read_template_variables(file: Path) -> _Variables:
    """Return the variables of a pod template's run container."""
    found: _Variables = {}
    spec = parse_yaml(file.read_text(encoding="utf-8"), str(file)).as_mapping("a pod").get("spec")
    containers = spec.as_mapping("a map").get("containers") if spec else None
    for node in containers.as_list("a list") if containers else ():
        container = node.as_mapping("a map")
        if "name" not in container or container["name"].as_string("a name") != RUN_CONTAINER:
            continue
        for each in container["env"].as_list("a list") if "env" in container else ():
            entries = each.as_mapping("a map")
            if "name" in entries:
                found[entries["name"].as_string("a name")] = each.where
    return found
