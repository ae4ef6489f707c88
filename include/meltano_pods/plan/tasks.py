"""Plans the tasks of a DAG: their ids, settings, order and states."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_runner.contract.environment import STALL_SECONDS

from meltano_pods.errors import Errors
from meltano_pods.parameters.command import build_state_id
from meltano_pods.plan.environments import (
    check_no_secrets,
    check_schedule_env,
    check_variable_sources,
)
from meltano_pods.plan.graph import build_upstream, find_ancestors
from meltano_pods.plan.identifiers import make_unique_identifiers
from meltano_pods.plan.model import TaskPlan
from meltano_pods.plan.state_ids import check_no_state_update, compute_state_ids, find_pipelines
from meltano_pods.plan.state_place import find_state_place
from meltano_pods.project import PluginType
from meltano_pods.project.model import TRANSFORMER, Transform
from meltano_pods.settings.layers import Layer, check_task_ids, select_task_layers, sort_layers
from meltano_pods.settings.merge import join_plugin_layers, merge_layers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from meltano_pods.plan.dag_source import DagSource, TaskSource
    from meltano_pods.plan.state_place import StatePlace
    from meltano_pods.project import Plugin, Project
    from meltano_pods.settings import Settings


def plan_tasks(
    project: Project,
    source: DagSource,
    layers: Sequence[Layer],
    environment: str | None,
    not_secret: AbstractSet[str],
) -> list[TaskPlan]:
    """Plan the tasks of a DAG, in the order of the job.

    Args:
        project: The project.
        source: The DAG.
        layers: The layers of all its tasks.
        environment: Meltano environment of its runs.
        not_secret: Names that did not count as secrets when the project's layers were checked.

    Raises:
        SettingsError: Settings that are not allowed, or cannot be combined.
    """
    ids = make_unique_identifiers(_describe_content(project, task) for task in source.tasks)
    task_sources = dict(zip(ids, source.tasks, strict=True))
    errors = Errors()
    for layer in source.annotations:
        with errors:
            check_task_ids(layer, ids)
    layers_by_task = {
        task_id: _collect_layers(project, source, (task_id, task), layers, environment)
        for task_id, task in task_sources.items()
    }
    settings: dict[str, Settings] = {}
    for task_id, each in layers_by_task.items():
        with errors:
            settings[task_id] = merge_layers(each)
    env, schedule_layers = _read_schedule_env(source, errors)
    variables = {task_id: {**each.env, **env} for task_id, each in settings.items()}
    places: dict[str, StatePlace] = {}
    for task_id, merged in settings.items():
        every = (*layers_by_task[task_id], *schedule_layers)
        with errors:
            # The layers are already checked, but with the exemptions of all levels of the project.
            checked = not_secret <= set(merged.not_secret)
            check_no_secrets(merged, schedule_layers if checked else every)
            check_variable_sources(merged, variables[task_id], every)
        with errors:
            places[task_id] = find_state_place(
                project, environment, merged, variables[task_id], every
            )
        with errors:
            check_no_state_update(
                merged, environment, task_sources[task_id], layers_by_task[task_id]
            )
    errors.check()
    upstream = build_upstream(settings, layers_by_task)
    tasks = [
        TaskPlan(
            task_id=task_id,
            arguments=_build_arguments(task, settings[task_id]),
            environment=environment,
            env=variables[task_id],
            settings=places[task_id].settings,
            upstream=upstream[task_id],
            state_ids=_compute_state_ids(
                project, task, environment, settings[task_id], variables[task_id]
            ),
            pool=settings[task_id].pool,
            pipelines=_find_pipelines(project, task),
            utilities=_find_utilities(project, task),
            layers=places[task_id].layers,
            state_folder=places[task_id].folder,
        )
        for task_id, task in task_sources.items()
    ]
    return [_add_reads(task, tasks) for task in tasks]


def _collect_layers(
    project: Project,
    source: DagSource,
    named_task: tuple[str, TaskSource],
    layers: Sequence[Layer],
    environment: str | None,
) -> list[Layer]:
    task_id, task = named_task
    plugins = build_plugin_layers(project, task.blocks, environment)
    return sort_layers([*layers, *plugins, *select_task_layers(task_id, source.annotations)])


def find_utilities(project: Project, blocks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the utilities and transformers among blocks, each once."""
    kinds = (PluginType.UTILITIES, PluginType.TRANSFORMERS)
    return tuple(each.name for each in find_plugins(project, blocks) if each.type in kinds)


def _find_utilities(project: Project, task: TaskSource) -> tuple[str, ...]:
    transformer = () if task.transform is Transform.SKIP else (TRANSFORMER,)
    return (*find_utilities(project, task.blocks), *transformer)


def _find_pipelines(project: Project, task: TaskSource) -> tuple[tuple[str, str], ...]:
    if task.transform is Transform.ONLY:
        return ()
    return find_pipelines(project, task.blocks)


def _add_reads(task: TaskPlan, tasks: Sequence[TaskPlan]) -> TaskPlan:
    """Return a task that runs utilities with the pipelines of all tasks before it."""
    if not task.utilities:
        return task
    before = find_ancestors({each.task_id: each.upstream for each in tasks}, task.task_id)
    reads = (pair for each in tasks if each.task_id in before for pair in each.pipelines)
    return replace(task, reads=tuple(dict.fromkeys(reads)))


def _read_schedule_env(source: DagSource, errors: Errors) -> tuple[dict[str, str], list[Layer]]:
    """Return the variables of Meltano's schedule, also as a layer."""
    if source.schedule is None or not source.schedule.env:
        return {}, []
    env = check_schedule_env(source.schedule, errors)
    places = {f"env.{name}": place for name, place in source.schedule.env_places.items()}
    return env, [Layer("schedule", source.where, {"env": env}, places)]


def find_plugins(project: Project, blocks: tuple[str, ...]) -> list[Plugin]:
    """Return the plugins that blocks name, each once."""
    found = [project.find_plugin(block) for block in blocks]
    return list({plugin.name: plugin for plugin in found if plugin is not None}.values())


def build_plugin_layers(
    project: Project, blocks: tuple[str, ...], environment: str | None
) -> list[Layer]:
    """Return a layer for each plugin in blocks, merged with those that it extends."""
    plugins = find_plugins(project, blocks)
    return [join_plugin_layers(project.get_annotations(plugin, environment)) for plugin in plugins]


def _compute_state_ids(
    project: Project,
    task: TaskSource,
    environment: str | None,
    settings: Settings,
    variables: Mapping[str, str],
) -> tuple[str, ...]:
    if settings.no_state_update or task.transform is Transform.ONLY:
        return ()
    suffix = settings.state_id_suffix
    if task.state_id is not None:
        return (build_state_id(task.state_id, None, suffix),)
    return compute_state_ids(project, task.blocks, environment, suffix, variables)


def _describe_content(project: Project, task: TaskSource) -> str:
    """Return a name for what a task runs: `tap-a-to-target-b`, `dbt-run`."""
    blocks = (f"{TRANSFORMER}:run",) if task.transform is Transform.ONLY else task.blocks
    words: list[str] = []
    for block in blocks:
        plugin = project.find_plugin(block)
        if words and plugin is not None and plugin.type is PluginType.LOADERS:
            words.append("to")
        words.append(block.replace(":", "-"))
    return "-".join(words)


def _build_arguments(task: TaskSource, settings: Settings) -> tuple[str, ...]:
    arguments = ["run", *task.blocks]
    if task.state_id is not None:
        arguments += ["--state-id", task.state_id]
    if task.transform is not Transform.SKIP:
        arguments += ["--transform", task.transform.value]
    return (*arguments, *build_timeout_options(settings))


def build_timeout_options(settings: Settings) -> tuple[str, ...]:
    """Return the options with which the runner stops a run that takes too long or does nothing."""
    stall = math.ceil(settings.stall_timeout.total_seconds())
    options = () if stall == STALL_SECONDS else ("--stall-timeout", str(stall))
    if settings.run_timeout is None:
        return options
    return ("--timeout", str(math.ceil(settings.run_timeout.total_seconds())), *options)
