"""Plans a task of a custom DAG, whose command is not in meltano.yml."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_pods.errors import Errors, Location, ProjectError, SettingsError
from meltano_pods.names import list_names, suggest
from meltano_pods.plan.environments import (
    check_no_secrets,
    check_variable_sources,
    choose_environment,
)
from meltano_pods.plan.model import TaskPlan
from meltano_pods.plan.state_ids import compute_state_ids, find_pipelines
from meltano_pods.plan.state_place import find_state_place
from meltano_pods.plan.tasks import (
    build_plugin_layers,
    build_timeout_options,
    find_plugins,
    find_utilities,
)
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
_INSTEAD = {
    "needs": "Set the order in Airflow: `first >> second`.",
    "env": "Use the argument `env` of the task.",
}


@dataclass(frozen=True, slots=True)
class RunCommand:
    """The command of a task in a custom DAG.

    Attributes:
        run: Arguments of `meltano run`: blocks or names of jobs, then options; a string, split as
            in a shell, or a list of words.
        environment: Meltano environment; None for the project's choice.
        env: Environment variables, which override those of the settings.
        full_refresh: Whether to ignore the saved state.
        settings: Settings of this task, which override the project's.
    """

    run: str | Sequence[str]
    environment: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    full_refresh: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


def plan_custom_task(
    project: Project, command: RunCommand, task_id: str, file: str, fallback: str | None = None
) -> TaskPlan:
    """Return the plan of a task, with settings merged as for a task in meltano.yml.

    Args:
        project: The project as read.
        command: The command to run.
        task_id: The task's id.
        file: The DAG file, for errors.
        fallback: Meltano environment if nothing names one; None for the project's
            `default_environment`.

    Raises:
        ProjectError: Blocks, an environment or settings that are not allowed, or an entry of the
            project with errors.
    """
    where = Location(file, key=f"task {task_id}")
    blocks, options = _split_command(command.run, where)
    Errors(project.get_common_errors()).check()
    jobs = [project.jobs[block] for block in blocks if block in project.jobs]
    Errors(error for job in jobs for error in job.errors).check()
    expanded = tuple(_expand_jobs(project, blocks))
    check_blocks(project, expanded, where)
    task_layer = _build_layer(command, where)
    environment = command.environment
    if environment is None:
        environment = choose_environment(project, [job.annotations for job in jobs], fallback)
    elif environment not in project.environments:
        raise ProjectError(
            f"unknown environment `{environment}`; expected one of: "
            f"{list_names(project.environments)}",
            where,
            f"{suggest(environment, project.environments)}Name one of `environments` of "
            f"{project.where.file}.",
        )
    for option in options:
        check_option(option, where)
    _check_used_entries(project, jobs, expanded, environment, task_layer)
    found: list[Layer] = [project.annotations, *(job.annotations for job in jobs), task_layer]
    if environment is not None:
        found.append(project.environments[environment].annotations)
    found += build_plugin_layers(project, expanded, environment)
    layers = sort_layers(found)
    settings = merge_layers(layers)
    env = {**settings.env, **_check_variables(command.env, where)}
    env_layer = Layer("task", where, {"env": command.env})
    check_no_secrets(settings, [*layers, env_layer])
    check_variable_sources(settings, env, [*layers, env_layer])
    place = find_state_place(project, environment, settings, env, layers)
    refresh = [FULL_REFRESH] if command.full_refresh and FULL_REFRESH not in options else []
    states = (
        ()
        if settings.no_state_update
        else compute_state_ids(project, expanded, environment, settings.state_id_suffix, env)
    )
    return TaskPlan(
        task_id=task_id,
        arguments=("run", *blocks, *options, *refresh, *build_timeout_options(settings)),
        environment=environment,
        env=env,
        settings=place.settings,
        state_ids=states,
        state_folder=place.folder,
        layers=place.layers,
        # Other DAGs of the project may also write these states.
        pool=(settings.state_pool if states else None) or settings.pool,
        pipelines=find_pipelines(project, expanded),
        utilities=find_utilities(project, expanded),
    )


def _check_used_entries(
    project: Project,
    jobs: Sequence[Job],
    blocks: tuple[str, ...],
    environment: str | None,
    task_layer: Layer,
) -> None:
    """Reject a command that uses an entry of the project with errors, or invalid settings.

    Raises:
        ProjectError: With all errors.
    """
    layers: list[Layer] = [project.annotations, *(job.annotations for job in jobs), task_layer]
    errors = Errors()
    if environment is not None:
        chosen = project.environments[environment]
        errors.found += chosen.errors
        layers.append(chosen.annotations)
    for plugin in find_plugins(project, blocks):
        errors.found += (error for each in project.get_lineage(plugin) for error in each.errors)
        layers += project.get_annotations(plugin, environment)
    not_secret = collect_not_secret(layers)
    errors.found += (error for layer in layers for error in find_errors(layer, not_secret))
    errors.check()


def _build_layer(command: RunCommand, where: Location) -> Layer:
    for key, instead in _INSTEAD.items():
        if key in command.settings:
            raise SettingsError(
                f"`{key}` is not allowed in `settings` of a custom task", where, instead
            )
    return Layer("task", where, dict(command.settings))


def _split_command(run: str | Sequence[str], where: Location) -> tuple[list[str], list[str]]:
    """Return blocks and options."""
    example = "Write it as for `meltano run`, such as `tap-csv target-jsonl --refresh-catalog`."
    try:
        words = shlex.split(run) if isinstance(run, str) else [str(word) for word in run]
    except ValueError as error:
        raise ProjectError(f"`run` cannot be split into words: {error}", where, example) from None
    first = next((at for at, word in enumerate(words) if word.startswith("-")), len(words))
    blocks, options = words[:first], words[first:]
    if not blocks:
        raise ProjectError("`run` does not name anything to run", where, example)
    if any("{{" in word or "{%" in word for word in blocks):
        raise ProjectError(
            "`run` has a template instead of plugins; these determine the task's settings, so "
            "they must be known before it runs",
            where,
            "Name the plugins. Templates work in `env` and `state_id_suffix`.",
        )
    return blocks, options


def _expand_jobs(project: Project, blocks: Sequence[str]) -> Iterator[str]:
    """Yield the blocks, with jobs replaced by their blocks."""
    for block in blocks:
        job = project.jobs.get(block)
        yield from [block] if job is None else (each for task in job.tasks for each in task.blocks)


def _check_variables(env: Mapping[str, str], where: Location) -> Mapping[str, str]:
    try:
        checked: Mapping[str, str] = check_variables(dict(env))  # type: ignore[assignment]
    except ValueError as error:
        raise SettingsError(
            str(error), where, "Fix it, or remove it from the task's `env`."
        ) from None
    return checked
