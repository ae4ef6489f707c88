"""Plans the tasks of a DAG: their ids, settings, order and states."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors
from meltano_pods.parameters.command import build_state_id
from meltano_pods.plan.environments import check_no_secrets, check_sources, schedule_env
from meltano_pods.plan.graph import ancestors, upstream_of
from meltano_pods.plan.identifiers import unique_identifiers
from meltano_pods.plan.model import TaskPlan
from meltano_pods.plan.state_ids import check_no_state_update, pipelines, state_ids
from meltano_pods.plan.state_place import find_state_place
from meltano_pods.project import PluginType
from meltano_pods.project.model import TRANSFORMER, Transform
from meltano_pods.settings.layers import Layer, check_task_ids, select_task_layers, sort_layers
from meltano_pods.settings.merge import join_plugin_layers, merge_layers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from meltano_pods.plan.dag_source import Command, Draft
    from meltano_pods.plan.state_place import StatePlace
    from meltano_pods.project import Plugin, Project
    from meltano_pods.settings import Settings


def plan_tasks(
    project: Project,
    draft: Draft,
    layers: Sequence[Layer],
    environment: str | None,
    not_secret: AbstractSet[str],
) -> list[TaskPlan]:
    """Plan the tasks of a DAG, in the order of the job.

    Args:
        project: The project.
        draft: The DAG.
        layers: What holds for all its tasks.
        environment: Meltano environment of its runs.
        not_secret: Names that did not count as secrets when the project's layers were checked.

    Raises:
        SettingsError: Settings that are not allowed, or do not go together.
    """
    ids = unique_identifiers(_content(project, command) for command in draft.commands)
    commands = dict(zip(ids, draft.commands, strict=True))
    errors = Errors()
    for layer in draft.own:
        with errors:
            check_task_ids(layer, ids)
    said = {
        task_id: _layers_of_task(project, draft, (task_id, command), layers, environment)
        for task_id, command in commands.items()
    }
    settings: dict[str, Settings] = {}
    for task_id, each in said.items():
        with errors:
            settings[task_id] = merge_layers(each)
    env, of_schedule = _schedule_env(draft, errors)
    variables = {task_id: {**own.env, **env} for task_id, own in settings.items()}
    places: dict[str, StatePlace] = {}
    for task_id, own in settings.items():
        every = (*said[task_id], *of_schedule)
        with errors:
            # The layers were checked, though with what any level of the project exempts.
            checked = not_secret <= set(own.not_secret)
            check_no_secrets(own, of_schedule if checked else every)
            check_sources(own, variables[task_id], every)
        with errors:
            places[task_id] = find_state_place(project, environment, own, variables[task_id], every)
        with errors:
            check_no_state_update(own, environment, commands[task_id], said[task_id])
    errors.check()
    upstream = upstream_of(settings, said)
    tasks = [
        TaskPlan(
            task_id=task_id,
            arguments=_arguments(command, settings[task_id]),
            environment=environment,
            env=variables[task_id],
            settings=places[task_id].settings,
            upstream=upstream[task_id],
            state_ids=_state_ids(
                project, command, environment, settings[task_id], variables[task_id]
            ),
            pool=settings[task_id].pool,
            pipelines=_pipelines(project, command),
            utilities=_utilities(project, command),
            layers=places[task_id].layers,
            state_folder=places[task_id].folder,
        )
        for task_id, command in commands.items()
    ]
    return [_with_reads(task, tasks) for task in tasks]


def _layers_of_task(
    project: Project,
    draft: Draft,
    task: tuple[str, Command],
    layers: Sequence[Layer],
    environment: str | None,
) -> list[Layer]:
    task_id, command = task
    plugins = plugin_layers(project, command.blocks, environment)
    return sort_layers([*layers, *plugins, *select_task_layers(task_id, draft.own)])


def utilities(project: Project, blocks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the utilities and transformers among blocks, each once."""
    kinds = (PluginType.UTILITIES, PluginType.TRANSFORMERS)
    return tuple(each.name for each in plugins_of(project, blocks) if each.type in kinds)


def _utilities(project: Project, command: Command) -> tuple[str, ...]:
    transformer = () if command.transform is Transform.SKIP else (TRANSFORMER,)
    return (*utilities(project, command.blocks), *transformer)


def _pipelines(project: Project, command: Command) -> tuple[tuple[str, str], ...]:
    if command.transform is Transform.ONLY:
        return ()
    return pipelines(project, command.blocks)


def _with_reads(task: TaskPlan, tasks: Sequence[TaskPlan]) -> TaskPlan:
    """Return a task that runs utilities with the pipelines of all tasks before it."""
    if not task.utilities:
        return task
    before = ancestors({each.task_id: each.upstream for each in tasks}, task.task_id)
    reads = (pair for each in tasks if each.task_id in before for pair in each.pipelines)
    return replace(task, reads=tuple(dict.fromkeys(reads)))


def _schedule_env(draft: Draft, errors: Errors) -> tuple[dict[str, str], list[Layer]]:
    """Return the variables that Meltano's schedule adds, and the same as a layer."""
    if draft.schedule is None or not draft.schedule.env:
        return {}, []
    env = schedule_env(draft.schedule, errors)
    places = {f"env.{name}": place for name, place in draft.schedule.env_places.items()}
    return env, [Layer("schedule", draft.where, {"env": env}, places)]


def plugins_of(project: Project, blocks: tuple[str, ...]) -> list[Plugin]:
    """Return the plugins that blocks name, each once."""
    found = [project.find_plugin(block) for block in blocks]
    return list({plugin.name: plugin for plugin in found if plugin is not None}.values())


def plugin_layers(
    project: Project, blocks: tuple[str, ...], environment: str | None
) -> list[Layer]:
    """Return a layer for each plugin that blocks name: what it extends and itself as one."""
    plugins = plugins_of(project, blocks)
    return [join_plugin_layers(project.get_annotations(plugin, environment)) for plugin in plugins]


def _state_ids(
    project: Project,
    command: Command,
    environment: str | None,
    settings: Settings,
    variables: Mapping[str, str],
) -> tuple[str, ...]:
    if settings.no_state_update or command.transform is Transform.ONLY:
        return ()
    suffix = settings.state_id_suffix
    if command.state_id is not None:
        return (build_state_id(command.state_id, None, suffix),)
    return state_ids(project, command.blocks, environment, suffix, variables)


def _content(project: Project, command: Command) -> str:
    """Return what a task runs as a name: `tap-a-to-target-b`, `dbt-run`."""
    blocks = (f"{TRANSFORMER}:run",) if command.transform is Transform.ONLY else command.blocks
    words: list[str] = []
    for block in blocks:
        plugin = project.find_plugin(block)
        if words and plugin is not None and plugin.type is PluginType.LOADERS:
            words.append("to")
        words.append(block.replace(":", "-"))
    return "-".join(words)


def _arguments(command: Command, settings: Settings) -> tuple[str, ...]:
    arguments = ["run", *command.blocks]
    if command.state_id is not None:
        arguments += ["--state-id", command.state_id]
    if command.transform is not Transform.SKIP:
        arguments += ["--transform", command.transform.value]
    return (*arguments, *timeout_options(settings))


def timeout_options(settings: Settings) -> tuple[str, ...]:
    """Return the options by which the runner ends a run that takes too long."""
    if settings.run_timeout is None:
        return ()
    return ("--timeout", str(math.ceil(settings.run_timeout.total_seconds())))
