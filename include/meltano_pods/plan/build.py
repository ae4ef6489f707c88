"""Turns a project into its plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectError, SettingsError, distinct
from meltano_pods.plan.broken import broken_dag
from meltano_pods.plan.dag_docs import describe, document, with_conflict
from meltano_pods.plan.dag_source import drafts, meltano_layers
from meltano_pods.plan.environments import check_allowed_environments, choose_environment
from meltano_pods.plan.identifiers import identifier, unique_identifiers
from meltano_pods.plan.model import DagPlan, ProjectPlan
from meltano_pods.plan.state_conflicts import Severity, separate
from meltano_pods.plan.tasks import plan_tasks, plugins_of
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

    from meltano_pods.plan.dag_source import Draft
    from meltano_pods.plan.model import BrokenDag
    from meltano_pods.plan.state_conflicts import StateConflict
    from meltano_pods.project import Project
    from meltano_pods.settings import Settings
    from meltano_pods.settings.layers import Layer

_SHOWN_EVERYWHERE = 5
"""How many of the errors that break all DAGs each of them shows."""
_TAGGED = (PluginType.EXTRACTORS, PluginType.LOADERS)


@dataclass(frozen=True, slots=True)
class _Source:
    """What DAGs are planned from.

    Attributes:
        project: The project as read.
        fallback: Meltano environment where no setting names one.
        not_secret: Names that any of its levels lists under `not_secret`.
        invalid: Errors of annotations, by their `id`; of those alone that have some.
        everywhere: Errors that keep every DAG from running.
    """

    project: Project
    fallback: str | None
    not_secret: frozenset[str]
    invalid: Mapping[int, Sequence[ProjectError]]
    everywhere: Sequence[ProjectError]


def plan(project: Project, environment: str | None = None) -> ProjectPlan:
    """Plan every schedule of a project, and every job that no schedule names.

    What is wrong with one of them, or with what it uses, makes it a broken DAG beside the others.

    Args:
        project: The project as read.
        environment: Meltano environment where no setting names one; None for the project's
            `default_environment`.
    """
    source = _source(project, environment)
    good: dict[str, DagPlan] = {}
    broken: list[tuple[Draft, list[ProjectError]]] = []
    planned: list[tuple[Draft, str]] = []
    for draft in drafts(project):
        errors = Errors([*draft.errors, *source.everywhere])
        dag = _plan_dag(source, draft, errors)
        if dag is not None and not errors.found and (first := good.get(dag.dag_id)) is not None:
            errors.found.append(_same_id(dag, first))
        if dag is None or errors.found:
            broken.append((draft, errors.found))
        else:
            good[dag.dag_id] = dag
            planned.append((draft, dag.dag_id))
    separated = separate(list(good.values()))
    broken += [
        (draft, [*separated.broken[dag_id]])
        for draft, dag_id in planned
        if dag_id in separated.broken
    ]
    conflicts = {each.second: each for each in separated.conflicts}
    return ProjectPlan(
        project.name,
        project.digest,
        tuple(_with_note(dag, conflicts.get(dag.dag_id)) for dag in separated.dags),
        _broken_dags(source, broken, [dag.dag_id for dag in separated.dags]),
        _every_error(source, broken, separated.conflicts),
        _every_warning(project, separated.conflicts),
    )


def _source(project: Project, fallback: str | None) -> _Source:
    annotations = list(_annotations(project))
    # Which of them belong together is known with each task, where it is checked again.
    not_secret = collect_not_secret(annotations)
    invalid = {
        id(each): errors for each in annotations if (errors := find_errors(each, not_secret))
    }
    everywhere = [*project.get_common_errors(), *invalid.get(id(project.annotations), ())]
    return _Source(project, fallback, not_secret, invalid, everywhere[:_SHOWN_EVERYWHERE])


def _annotations(project: Project) -> Iterator[Layer]:
    """Yield all there are, also those of environments, plugins and jobs that no DAG uses."""
    yield project.annotations
    for environment in project.environments.values():
        yield environment.annotations
        yield from environment.plugins.values()
    yield from (each.annotations for each in project.plugins)
    yield from (each.annotations for each in project.jobs.values())
    yield from (each.annotations for each in project.schedules.values())
    yield from (each.annotations for each in project.nameless)


def _plan_dag(source: _Source, draft: Draft, errors: Errors) -> DagPlan | None:
    """Return a DAG, as far as can be; None where what it is made of cannot be read."""
    project = source.project
    own = [project.annotations, *draft.own]
    if source.invalid and _any_invalid(source, own, errors):
        return None
    environment: str | None = None
    found = len(errors.found)
    with errors:
        environment = choose_environment(project, draft.own, source.fallback)
    layers: list[Layer] = [*own, *meltano_layers(draft)]
    if environment is not None:
        chosen = project.environments[environment]
        errors.found += chosen.errors
        layers.append(chosen.annotations)
    if source.invalid or any(plugin.errors for plugin in project.plugins):
        _collect_plugin_errors(source, draft, environment, errors)
        _any_invalid(source, layers, errors)
    if len(errors.found) > found or not draft.commands:
        return None
    with errors:
        return _merge_dag(source, draft, sort_layers(layers), environment, errors)
    return None


def _collect_plugin_errors(
    source: _Source, draft: Draft, environment: str | None, errors: Errors
) -> None:
    """Collect what is wrong with the plugins that a DAG runs, and with what they extend."""
    project = source.project
    for plugin in (each for one in draft.commands for each in plugins_of(project, one.blocks)):
        errors.found += (error for each in project.get_lineage(plugin) for error in each.errors)
        _any_invalid(source, project.get_annotations(plugin, environment), errors)


def _any_invalid(source: _Source, layers: Sequence[Layer], errors: Errors) -> bool:
    """Collect the errors of layers; return whether there are any."""
    found = [error for each in layers for error in source.invalid.get(id(each), ())]
    errors.found += found
    return bool(found)


def _merge_dag(
    source: _Source,
    draft: Draft,
    layers: Sequence[Layer],
    environment: str | None,
    errors: Errors,
) -> DagPlan:
    project = source.project
    settings = merge_layers(layers)
    with errors:
        _check_catchup(settings, layers)
    with errors:
        check_allowed_environments(project, settings, environment, layers)
    tasks = plan_tasks(project, draft, layers, environment, source.not_secret)
    cron = None if draft.schedule is None else to_cron(draft.schedule.interval)
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


def _check_catchup(settings: Settings, layers: Sequence[Layer]) -> None:
    if settings.catchup and settings.start_date is None:
        raise SettingsError(
            "`catchup` is true, but there is no `start_date` to catch up from",
            find_place(layers, "catchup"),
            "Add `start_date: 2026-01-31` (the first day to run for), or remove `catchup`.",
        )


def _same_id(dag: DagPlan, first: DagPlan) -> ProjectError:
    return ProjectError(
        f"the DAG id `{dag.dag_id}` comes out twice, first from {first.where}",
        dag.where,
        "Rename one of the two: ids keep letters, digits, `-`, `_` and `.` of a name.",
    )


def _with_note(dag: DagPlan, conflict: StateConflict | None) -> DagPlan:
    return dag if conflict is None else replace(dag, doc=with_conflict(dag.doc, conflict.error()))


def _broken_dags(
    source: _Source,
    broken: Sequence[tuple[Draft, list[ProjectError]]],
    taken: Sequence[str],
) -> tuple[BrokenDag, ...]:
    """Return broken DAGs, none of which takes the id of another DAG."""
    if not broken:
        return ()
    ids = unique_identifiers([*taken, *(draft.name for draft, _ in broken)])[len(taken) :]
    return tuple(
        broken_dag(source.project, draft, dag_id, distinct(errors))
        for dag_id, (draft, errors) in zip(ids, broken, strict=True)
    )


def _every_error(
    source: _Source,
    broken: Sequence[tuple[Draft, list[ProjectError]]],
    conflicts: Sequence[StateConflict],
) -> tuple[ProjectError, ...]:
    """Return everything that is wrong in a project, each once, in the order of its lines."""
    found = [
        *source.project.iter_errors(),
        *(error for errors in source.invalid.values() for error in errors),
        *(error for _, errors in broken for error in errors),
        *(each.error() for each in conflicts if each.severity is Severity.ERROR),
    ]
    return tuple(sorted(distinct(found), key=_place))


def _every_warning(
    project: Project, conflicts: Sequence[StateConflict]
) -> tuple[ProjectError, ...]:
    """Return what may be a mistake, or do harm one day, each once."""
    found = [
        *project.iter_warnings(),
        *(error for each in _annotations(project) for error in find_misplaced_settings(each)),
        *(each.error() for each in conflicts if each.severity is Severity.WARNING),
    ]
    return tuple(distinct(found))


def _place(error: ProjectError) -> tuple[str, int]:
    where = error.where
    return (where, 0) if isinstance(where, str) else (where.file, where.line or 0)
