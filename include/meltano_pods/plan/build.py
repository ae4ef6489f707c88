"""Turns a project into its plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectError, SettingsError, deduplicate
from meltano_pods.plan.broken import build_broken_dag
from meltano_pods.plan.dag_docs import add_conflict_note, describe_dag, document_dag
from meltano_pods.plan.dag_source import build_meltano_layers, find_dag_sources
from meltano_pods.plan.environments import check_allowed_environments, choose_environment
from meltano_pods.plan.identifiers import make_identifier, make_unique_identifiers
from meltano_pods.plan.model import DagPlan, ProjectPlan
from meltano_pods.plan.state_conflicts import Severity, separate_dags
from meltano_pods.plan.tasks import find_plugins, plan_tasks
from meltano_pods.project import PluginType
from meltano_pods.project.cron import to_cron
from meltano_pods.settings.layers import find_place, sort_layers
from meltano_pods.settings.merge import merge_layers
from meltano_pods.settings.validate import (
    collect_not_secret,
    find_errors,
    find_misplaced_settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meltano_pods.plan.dag_source import DagSource
    from meltano_pods.plan.model import BrokenDag
    from meltano_pods.plan.state_conflicts import StateConflict
    from meltano_pods.project import Project
    from meltano_pods.settings import Settings
    from meltano_pods.settings.layers import Layer

_MAX_COMMON = 5
"""How many of the errors that break all DAGs each of them shows."""
_TAGGED = (PluginType.EXTRACTORS, PluginType.LOADERS)


@dataclass(frozen=True, slots=True)
class _Context:
    """The project, and what is common to all its DAGs.

    Attributes:
        project: The project as read.
        fallback: Meltano environment if no setting names one.
        not_secret: Names that any of its levels lists under `not_secret`.
        invalid: Errors of invalid annotations, by the `id` of the layer.
        everywhere: Errors that keep every DAG from running.
    """

    project: Project
    fallback: str | None
    not_secret: frozenset[str]
    invalid: Mapping[int, Sequence[ProjectError]]
    everywhere: Sequence[ProjectError]


def plan(project: Project, environment: str | None = None) -> ProjectPlan:
    """Plan every schedule of a project, and every job that no schedule names.

    An error in one of them, or in what it uses, makes it a broken DAG without affecting the others.

    Args:
        project: The project as read.
        environment: Meltano environment if no setting names one; None for the project's
            `default_environment`.
    """
    context = _build_context(project, environment)
    good: dict[str, DagPlan] = {}
    broken: list[tuple[DagSource, list[ProjectError]]] = []
    planned: list[tuple[DagSource, str]] = []
    for source in find_dag_sources(project):
        errors = Errors([*source.errors, *context.everywhere])
        dag = _plan_dag(context, source, errors)
        if dag is not None and not errors.found and (first := good.get(dag.dag_id)) is not None:
            errors.found.append(_build_duplicate_error(dag, first))
        if dag is None or errors.found:
            broken.append((source, errors.found))
        else:
            good[dag.dag_id] = dag
            planned.append((source, dag.dag_id))
    separated = separate_dags(list(good.values()))
    broken += [
        (source, [*separated.broken[dag_id]])
        for source, dag_id in planned
        if dag_id in separated.broken
    ]
    conflicts = {each.second: each for each in separated.conflicts}
    return ProjectPlan(
        project.name,
        project.digest,
        tuple(_add_note(dag, conflicts.get(dag.dag_id)) for dag in separated.dags),
        _build_broken_dags(context, broken, [dag.dag_id for dag in separated.dags]),
        _collect_errors(context, broken, separated.conflicts),
        _collect_warnings(project, separated.conflicts),
    )


def _build_context(project: Project, fallback: str | None) -> _Context:
    annotations = list(_iter_annotations(project))
    # Which layers belong together is known for each task, which checks its layers again.
    not_secret = collect_not_secret(annotations)
    invalid = {
        id(each): errors for each in annotations if (errors := find_errors(each, not_secret))
    }
    everywhere = [*project.get_common_errors(), *invalid.get(id(project.annotations), ())]
    return _Context(project, fallback, not_secret, invalid, everywhere[:_MAX_COMMON])


def _iter_annotations(project: Project) -> Iterator[Layer]:
    """Yield all annotations, including those of environments, plugins and jobs that no DAG uses."""
    yield project.annotations
    for environment in project.environments.values():
        yield environment.annotations
        yield from environment.plugins.values()
    yield from (each.annotations for each in project.plugins)
    yield from (each.annotations for each in project.jobs.values())
    yield from (each.annotations for each in project.schedules.values())
    yield from (each.annotations for each in project.nameless)


def _plan_dag(context: _Context, source: DagSource, errors: Errors) -> DagPlan | None:
    """Return a DAG, collecting its errors; None if its settings or tasks cannot be read."""
    project = context.project
    annotations = [project.annotations, *source.annotations]
    if context.invalid and _collect_invalid(context, annotations, errors):
        return None
    environment: str | None = None
    found = len(errors.found)
    with errors:
        environment = choose_environment(project, source.annotations, context.fallback)
    layers: list[Layer] = [*annotations, *build_meltano_layers(source)]
    if environment is not None:
        chosen = project.environments[environment]
        errors.found += chosen.errors
        layers.append(chosen.annotations)
    if context.invalid or any(plugin.errors for plugin in project.plugins):
        _collect_plugin_errors(context, source, environment, errors)
        _collect_invalid(context, layers, errors)
    if len(errors.found) > found or not source.tasks:
        return None
    with errors:
        return _build_dag(context, source, sort_layers(layers), environment, errors)
    return None


def _collect_plugin_errors(
    context: _Context, source: DagSource, environment: str | None, errors: Errors
) -> None:
    """Collect the errors of the plugins that a DAG runs, and of those that they extend."""
    project = context.project
    for plugin in (each for task in source.tasks for each in find_plugins(project, task.blocks)):
        errors.found += (error for each in project.get_lineage(plugin) for error in each.errors)
        _collect_invalid(context, project.get_annotations(plugin, environment), errors)


def _collect_invalid(context: _Context, layers: Sequence[Layer], errors: Errors) -> bool:
    """Collect the errors of layers; return whether there are any."""
    found = [error for each in layers for error in context.invalid.get(id(each), ())]
    errors.found += found
    return bool(found)


def _build_dag(
    context: _Context,
    source: DagSource,
    layers: Sequence[Layer],
    environment: str | None,
    errors: Errors,
) -> DagPlan:
    project = context.project
    settings = merge_layers(layers)
    with errors:
        _check_catchup(settings, layers)
    with errors:
        check_allowed_environments(project, settings, environment, layers)
    tasks = plan_tasks(project, source, layers, environment, context.not_secret)
    cron = None if source.schedule is None else to_cron(source.schedule.interval)
    singer = [
        plugin.name
        for task in source.tasks
        for plugin in find_plugins(project, task.blocks)
        if plugin.type in _TAGGED
    ]
    return DagPlan(
        dag_id=make_identifier(source.name),
        schedule=cron,
        description=describe_dag(source, settings.description),
        doc=document_dag(project, source, cron, environment, tasks, settings.description),
        tags=tuple(dict.fromkeys([project.name, *singer, *settings.tags])),
        settings=settings,
        tasks=tuple(tasks),
        where=source.where,
    )


def _check_catchup(settings: Settings, layers: Sequence[Layer]) -> None:
    if settings.catchup and settings.start_date is None:
        raise SettingsError(
            "`catchup` is true, but there is no `start_date` to catch up from",
            find_place(layers, "catchup"),
            "Add `start_date: 2026-01-31` (the first day to run for), or remove `catchup`.",
        )


def _build_duplicate_error(dag: DagPlan, first: DagPlan) -> ProjectError:
    return ProjectError(
        f"duplicate DAG id `{dag.dag_id}`, first from {first.where}",
        dag.where,
        "Rename one of the two: ids keep only letters, digits, `-`, `_` and `.` of a name.",
    )


def _add_note(dag: DagPlan, conflict: StateConflict | None) -> DagPlan:
    return (
        dag
        if conflict is None
        else replace(dag, doc=add_conflict_note(dag.doc, conflict.build_error()))
    )


def _build_broken_dags(
    context: _Context,
    broken: Sequence[tuple[DagSource, list[ProjectError]]],
    taken: Sequence[str],
) -> tuple[BrokenDag, ...]:
    """Return broken DAGs, with ids that differ from those of other DAGs."""
    if not broken:
        return ()
    ids = make_unique_identifiers([*taken, *(source.name for source, _ in broken)])[len(taken) :]
    return tuple(
        build_broken_dag(context.project, source, dag_id, deduplicate(errors))
        for dag_id, (source, errors) in zip(ids, broken, strict=True)
    )


def _collect_errors(
    context: _Context,
    broken: Sequence[tuple[DagSource, list[ProjectError]]],
    conflicts: Sequence[StateConflict],
) -> tuple[ProjectError, ...]:
    """Return all errors of a project, each once, in the order of its lines."""
    found = [
        *context.project.iter_errors(),
        *(error for errors in context.invalid.values() for error in errors),
        *(error for _, errors in broken for error in errors),
        *(each.build_error() for each in conflicts if each.severity is Severity.ERROR),
    ]
    return tuple(sorted(deduplicate(found), key=_get_place))


def _collect_warnings(
    project: Project, conflicts: Sequence[StateConflict]
) -> tuple[ProjectError, ...]:
    """Return all warnings of a project, each once."""
    found = [
        *project.iter_warnings(),
        *(error for each in _iter_annotations(project) for error in find_misplaced_settings(each)),
        *(each.build_error() for each in conflicts if each.severity is Severity.WARNING),
    ]
    return tuple(deduplicate(found))


def _get_place(error: ProjectError) -> tuple[str, int]:
    where = error.where
    return (where, 0) if isinstance(where, str) else (where.file, where.line or 0)
