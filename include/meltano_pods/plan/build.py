"""Turns a project into its plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError, SettingsError
from meltano_pods.plan.environment import check_environment, choose_environment, schedule_env
from meltano_pods.plan.identifiers import identifier, unique_identifiers
from meltano_pods.plan.model import DagPlan, ProjectPlan, TaskPlan
from meltano_pods.plan.text import describe, document
from meltano_pods.project import PluginType
from meltano_pods.project.cron import cron_of
from meltano_pods.settings import settings_of
from meltano_pods.settings.merge import check

if TYPE_CHECKING:
    from meltano_pods.errors import Location
    from meltano_pods.project import Annotations, Job, Plugin, Project, Schedule
    from meltano_pods.settings import Settings


def plan(project: Project, environment: str | None = None) -> ProjectPlan:
    """Plan every schedule of a project, and every job that no schedule names.

    Args:
        project: The project as read.
        environment: Meltano environment where no setting names one; None for the project's
            `default_environment`.

    Raises:
        ProjectError: Settings that are not allowed, or two DAGs of one id.
    """
    for environment_own in project.environments.values():
        check(environment_own.annotations)  # also of those that no DAG uses
    for plugin in project.plugins:
        check(plugin.annotations)
    dags: dict[str, tuple[DagPlan, Location]] = {}
    scheduled = {schedule.job for schedule in project.schedules.values()}
    for schedule in project.schedules.values():
        _add(dags, _dag(project, _scheduled(project, schedule), environment), schedule.where)
    for job in project.jobs.values():
        if job.name not in scheduled:
            _add(dags, _dag(project, _by_hand(project, job), environment), job.where)
    return ProjectPlan(project.name, project.digest, tuple(dag for dag, _ in dags.values()))


def _add(dags: dict[str, tuple[DagPlan, Location]], dag: DagPlan, where: Location) -> None:
    if dag.dag_id in dags:
        raise ProjectError(
            f"the DAG id `{dag.dag_id}` comes out twice, first from {dags[dag.dag_id][1]}",
            where,
            "Rename one of the two: ids keep letters, digits, `-`, `_` and `.` of a name.",
        )
    dags[dag.dag_id] = (dag, where)


@dataclass(frozen=True, slots=True)
class _Command:
    blocks: tuple[str, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Draft:
    """What distinguishes one DAG of a project from another."""

    name: str
    own: tuple[Annotations, ...]
    commands: tuple[_Command, ...]
    where: Location
    schedule: Schedule | None = None


def _scheduled(project: Project, schedule: Schedule) -> _Draft:
    name = f"{project.name}.{schedule.name}"
    if schedule.job is not None:
        job = project.jobs[schedule.job]
        return _Draft(
            name, (job.annotations, schedule.annotations), _commands(job), schedule.where, schedule
        )
    # The state id that `meltano schedule run` uses, so that state carries over both ways.
    blocks = (str(schedule.extractor), str(schedule.loader))
    pair = _Command(blocks, ("--state-id", schedule.name))
    return _Draft(name, (schedule.annotations,), (pair,), schedule.where, schedule)


def _by_hand(project: Project, job: Job) -> _Draft:
    return _Draft(f"{project.name}.job.{job.name}", (job.annotations,), _commands(job), job.where)


def _commands(job: Job) -> tuple[_Command, ...]:
    return tuple(_Command(task.blocks) for task in job.tasks)


def _dag(project: Project, draft: _Draft, fallback: str | None) -> DagPlan:
    environment = choose_environment(project, draft.own, fallback)
    layers = [project.annotations, *draft.own]
    if environment is not None:
        layers.append(project.environments[environment].annotations)
    settings = settings_of(layers)
    _check_catchup(settings, layers)
    tasks = _tasks(project, draft, layers, environment)
    cron = None if draft.schedule is None else cron_of(draft.schedule.interval)
    singer = [
        plugin.name
        for command in draft.commands
        for plugin in _plugins(project, command.blocks)
        if plugin.type in _TAGGED
    ]
    return DagPlan(
        dag_id=identifier(draft.name),
        schedule=cron,
        description=describe(draft.name, [command.blocks for command in draft.commands]),
        doc=document(project, cron, environment, tasks, draft.where),
        tags=tuple(dict.fromkeys([project.name, *singer, *settings.tags])),
        settings=settings,
        tasks=tuple(tasks),
    )


def _tasks(
    project: Project, draft: _Draft, layers: list[Annotations], environment: str | None
) -> list[TaskPlan]:
    ids = unique_identifiers(_content(project, command.blocks) for command in draft.commands)
    env = {} if draft.schedule is None else schedule_env(draft.schedule)
    tasks = []
    for task_id, command in zip(ids, draft.commands, strict=True):
        plugins = _plugins(project, command.blocks)
        said = [*layers, *(plugin.annotations for plugin in plugins)]
        settings = settings_of(said)
        variables = {**settings.env, **env}
        check_environment(settings, variables, said)
        arguments = ("run", *command.blocks, *command.options, *_timeout(settings))
        tasks.append(TaskPlan(task_id, arguments, environment, variables, settings))
    return tasks


def _check_catchup(settings: Settings, layers: list[Annotations]) -> None:
    if settings.catchup and settings.start_date is None:
        place = next(each for each in reversed(layers) if "catchup" in each.values)
        raise SettingsError(
            "`catchup` is true, but there is no `start_date` to catch up from",
            place.places["catchup"],
            "Add `start_date: 2026-01-31` (the first day to run for), or remove `catchup`.",
        )


_TAGGED = (PluginType.EXTRACTORS, PluginType.LOADERS)


def _plugins(project: Project, blocks: tuple[str, ...]) -> list[Plugin]:
    found = [project.plugin_of(block) for block in blocks]
    return list({plugin.name: plugin for plugin in found if plugin is not None}.values())


def _content(project: Project, blocks: tuple[str, ...]) -> str:
    """Return what a task runs as a name: `tap-a-to-target-b`, `dbt-run`."""
    text = ""
    for block in blocks:
        plugin = project.plugin_of(block)
        loads = plugin is not None and plugin.type is PluginType.LOADERS
        text += ("-to-" if loads else "-") + block.replace(":", "-")
    return text.removeprefix("-to").removeprefix("-")


def _timeout(settings: Settings) -> tuple[str, ...]:
    if settings.run_timeout is None:
        return ()
    return ("--timeout", str(math.ceil(settings.run_timeout.total_seconds())))
