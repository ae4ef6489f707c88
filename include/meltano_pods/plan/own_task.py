"""Plans one command of a custom DAG, which is not in meltano.yml."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_pods.errors import Errors, Location, ProjectError, SettingsError
from meltano_pods.names import listed, suggestion
from meltano_pods.plan.environments import check_no_secrets, check_sources, choose_environment
from meltano_pods.plan.model import TaskPlan
from meltano_pods.plan.state_ids import pipelines, state_ids
from meltano_pods.plan.state_place import find_state_place
from meltano_pods.plan.tasks import plugin_layers, plugins_of, timeout_options, utilities
from meltano_pods.project.references.blocks import check_blocks
from meltano_pods.settings.layers import Layer, sort_layers
from meltano_pods.settings.merge import merge_layers
from meltano_pods.settings.secret_check import check_option
from meltano_pods.settings.types.env import check_environment as check_variables
from meltano_pods.settings.validate import collect_not_secret, find_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meltano_pods.project import Job, Project

FULL_REFRESH = "--full-refresh"
_OTHERWISE = {
    "needs": "Write the order as Airflow has it: `first >> second`.",
    "env": "Say it by the task's own `env`.",
}


@dataclass(frozen=True, slots=True)
class Command:
    """What a task of a custom DAG runs.

    Attributes:
        run: What follows `meltano run`: blocks or names of jobs, then options; one string, split
            as a shell does, or its words.
        environment: Meltano environment; None for the project's choice.
        env: Environment variables, over those of the settings.
        full_refresh: Whether to ignore the saved state.
        settings: Settings of this task alone, over the project's.
    """

    run: str | Sequence[str]
    environment: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    full_refresh: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


def plan_command(
    project: Project, command: Command, task_id: str, file: str, fallback: str | None = None
) -> TaskPlan:
    """Return the plan of a command, its settings merged as those of a task in meltano.yml.

    Args:
        project: The project as read.
        command: What to run.
        task_id: The task's id.
        file: The DAG file, for errors.
        fallback: Meltano environment where nothing names one; None for the project's
            `default_environment`.

    Raises:
        ProjectError: Blocks, an environment or settings that are not allowed, or an entry of the
            project with errors.
    """
    where = Location(file, key=f"task {task_id}")
    blocks, options = _words(command.run, where)
    Errors(project.get_common_errors()).check()
    jobs = [project.jobs[block] for block in blocks if block in project.jobs]
    Errors(error for job in jobs for error in job.errors).check()
    every = tuple(_without_jobs(project, blocks))
    check_blocks(project, every, where)
    own = _own_layer(command, where)
    environment = command.environment
    if environment is None:
        environment = choose_environment(project, [job.annotations for job in jobs], fallback)
    elif environment not in project.environments:
        raise ProjectError(
            f"unknown environment `{environment}`; expected one of: {listed(project.environments)}",
            where,
            f"{suggestion(environment, project.environments)}Name one of `environments` of "
            f"{project.where.file}.",
        )
    for option in options:
        check_option(option, where)
    _check_used(project, jobs, every, environment, own)
    said: list[Layer] = [project.annotations, *(job.annotations for job in jobs), own]
    if environment is not None:
        said.append(project.environments[environment].annotations)
    said += plugin_layers(project, every, environment)
    layers = sort_layers(said)
    settings = merge_layers(layers)
    env = {**settings.env, **_variables(command.env, where)}
    own_env = Layer("task", where, {"env": command.env})
    check_no_secrets(settings, [*layers, own_env])
    check_sources(settings, env, [*layers, own_env])
    place = find_state_place(project, environment, settings, env, layers)
    refresh = [FULL_REFRESH] if command.full_refresh and FULL_REFRESH not in options else []
    states = (
        ()
        if settings.no_state_update
        else state_ids(project, every, environment, settings.state_id_suffix, env)
    )
    return TaskPlan(
        task_id=task_id,
        arguments=("run", *blocks, *options, *refresh, *timeout_options(settings)),
        environment=environment,
        env=env,
        settings=place.settings,
        state_ids=states,
        state_folder=place.folder,
        layers=place.layers,
        # Other DAGs of the project may write them, too.
        pool=(settings.state_pool if states else None) or settings.pool,
        pipelines=pipelines(project, every),
        utilities=utilities(project, every),
    )


def _check_used(
    project: Project,
    jobs: Sequence[Job],
    blocks: tuple[str, ...],
    environment: str | None,
    own: Layer,
) -> None:
    """Reject a command that uses an entry of the project with errors, or settings that are wrong.

    Raises:
        ProjectError: With all of them.
    """
    layers: list[Layer] = [project.annotations, *(job.annotations for job in jobs), own]
    errors = Errors()
    if environment is not None:
        chosen = project.environments[environment]
        errors.found += chosen.errors
        layers.append(chosen.annotations)
    for plugin in plugins_of(project, blocks):
        errors.found += (error for each in project.get_lineage(plugin) for error in each.errors)
        layers += project.get_annotations(plugin, environment)
    not_secret = collect_not_secret(layers)
    errors.found += (error for layer in layers for error in find_errors(layer, not_secret))
    errors.check()


def _own_layer(command: Command, where: Location) -> Layer:
    for key, instead in _OTHERWISE.items():
        if key in command.settings:
            raise SettingsError(f"`{key}` is not a setting of such a task", where, instead)
    return Layer("task", where, dict(command.settings))


def _words(run: str | Sequence[str], where: Location) -> tuple[list[str], list[str]]:
    """Return blocks and options."""
    example = "Write it as after `meltano run`, such as `tap-csv target-jsonl --refresh-catalog`."
    try:
        words = shlex.split(run) if isinstance(run, str) else [str(word) for word in run]
    except ValueError as error:
        raise ProjectError(f"`run` cannot be split into words: {error}", where, example) from None
    first = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    blocks, options = words[:first], words[first:]
    if not blocks:
        raise ProjectError("`run` names nothing to run", where, example)
    if any("{{" in word or "{%" in word for word in blocks):
        raise ProjectError(
            "a template stands where `run` names plugins; which they are decides the task's "
            "settings, so it must be known before it runs",
            where,
            "Name the plugins. Templates work in `env` and `state_id_suffix`.",
        )
    return blocks, options


def _without_jobs(project: Project, blocks: Sequence[str]) -> Iterator[str]:
    """Yield blocks, and for a job its blocks."""
    for block in blocks:
        job = project.jobs.get(block)
        yield from [block] if job is None else (each for task in job.tasks for each in task.blocks)


def _variables(env: Mapping[str, str], where: Location) -> Mapping[str, str]:
    try:
        checked: Mapping[str, str] = check_variables(dict(env))  # type: ignore[assignment]
    except ValueError as error:
        raise SettingsError(
            str(error), where, "Fix it, or remove it from the task's `env`."
        ) from None
    return checked
