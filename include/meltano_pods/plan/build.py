"""Turns a project into its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError, SettingsError
from meltano_pods.plan.draft import drafts
from meltano_pods.plan.environment import choose_environment
from meltano_pods.plan.identifiers import identifier
from meltano_pods.plan.model import DagPlan, ProjectPlan
from meltano_pods.plan.runs import check_allowed_environments
from meltano_pods.plan.tasks import plan_tasks, plugins_of
from meltano_pods.plan.text import describe, document
from meltano_pods.plan.turns import take_turns
from meltano_pods.project import PluginType
from meltano_pods.project.cron import cron_of
from meltano_pods.settings.check import check
from meltano_pods.settings.layer import MELTANO, MadeLayer, in_order, place_of
from meltano_pods.settings.merge import merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meltano_pods.plan.draft import Draft
    from meltano_pods.project import Annotations, Project
    from meltano_pods.settings import Settings
    from meltano_pods.settings.layer import Layer

_TAGGED = (PluginType.EXTRACTORS, PluginType.LOADERS)


def plan(project: Project, environment: str | None = None) -> ProjectPlan:
    """Plan every schedule of a project, and every job that no schedule names.

    Args:
        project: The project as read.
        environment: Meltano environment where no setting names one; None for the project's
            `default_environment`.

    Raises:
        ProjectError: Settings that are not allowed, or two DAGs of one id.
    """
    check(_annotations(project))
    planned: dict[str, DagPlan] = {}
    for draft in drafts(project):
        dag = _dag(project, draft, environment)
        if (first := planned.get(dag.dag_id)) is not None:
            raise ProjectError(
                f"the DAG id `{dag.dag_id}` comes out twice, first from {first.where}",
                dag.where,
                "Rename one of the two: ids keep letters, digits, `-`, `_` and `.` of a name.",
            )
        planned[dag.dag_id] = dag
    dags, clashes = take_turns(list(planned.values()))
    return ProjectPlan(project.name, project.digest, dags, clashes)


def _annotations(project: Project) -> Iterator[Annotations]:
    """Yield all there are, also those of environments, plugins and jobs that no DAG uses."""
    yield project.annotations
    for environment in project.environments.values():
        yield environment.annotations
        yield from environment.plugins.values()
    yield from (each.annotations for each in project.plugins)
    yield from (each.annotations for each in project.jobs.values())
    yield from (each.annotations for each in project.schedules.values())


def _dag(project: Project, draft: Draft, fallback: str | None) -> DagPlan:
    environment = choose_environment(project, draft.own, fallback)
    said: list[Layer] = [*_of_meltano(draft), project.annotations, *draft.own]
    if environment is not None:
        said.append(project.environments[environment].annotations)
    layers = in_order(said)
    settings = merged(layers)
    _check_catchup(settings, layers)
    check_allowed_environments(project, settings, environment, layers)
    tasks = plan_tasks(project, draft, layers, environment)
    cron = None if draft.schedule is None else cron_of(draft.schedule.interval)
    singer = [
        plugin.name
        for command in draft.commands
        for plugin in plugins_of(project, command.blocks)
        if plugin.type in _TAGGED
    ]
    return DagPlan(
        dag_id=identifier(draft.name),
        schedule=cron,
        description=describe(draft, settings.description),
        doc=document(project, draft, cron, environment, tasks, settings.description),
        tags=tuple(dict.fromkeys([project.name, *singer, *settings.tags])),
        settings=settings,
        tasks=tuple(tasks),
        where=draft.where,
    )


def _of_meltano(draft: Draft) -> Iterator[Layer]:
    """Yield what Meltano's own keys of the schedule say of its DAG."""
    schedule = draft.schedule
    if schedule is not None and schedule.start_date is not None:
        key, where = "start_date", schedule.start_date_where
        yield MadeLayer(MELTANO, where, {key: schedule.start_date}, {key: where})


def _check_catchup(settings: Settings, layers: Sequence[Layer]) -> None:
    if settings.catchup and settings.start_date is None:
        raise SettingsError(
            "`catchup` is true, but there is no `start_date` to catch up from",
            place_of(layers, "catchup"),
            "Add `start_date: 2026-01-31` (the first day to run for), or remove `catchup`.",
        )
