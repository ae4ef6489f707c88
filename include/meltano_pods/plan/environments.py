"""Which Meltano environments a DAG may run in, and which variables its schedule adds."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from meltano_pods.errors import ProjectError, SettingsError, combine_errors
from meltano_pods.names import list_names, suggest
from meltano_pods.project.yaml.nodes import quote
from meltano_pods.settings.layers import find_place, sort_layers
from meltano_pods.settings.secret_check import find_secret_errors
from meltano_pods.settings.types.env import check_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meltano_pods.errors import Errors
    from meltano_pods.plan.model import ProjectPlan
    from meltano_pods.project import Environment, Project, Schedule
    from meltano_pods.settings import Settings
    from meltano_pods.settings.layers import Layer

_SETTING = "allowed_environments"


def choose_environment(
    project: Project, annotations: Sequence[Layer], fallback: str | None
) -> str | None:
    """Return the name of the environment, or None where the project has none.

    The setting takes precedence, then `fallback` (Airflow's MELTANO_ENVIRONMENT), then
    `default_environment`. It is chosen before the environment's own annotations are merged.

    Args:
        project: The project.
        annotations: Those of the job and the schedule.
        fallback: The environment if no setting names one.

    Raises:
        ProjectError: The project does not define that environment.
    """
    layers = sort_layers([project.annotations, *annotations])
    # Only this setting: merging all settings is slow, and follows with those of all levels.
    levels = [each.values["environment"] for each in layers if "environment" in each.values]
    name = levels[-1] if levels else None
    if isinstance(name, str):  # anything else is an error of its level
        if name not in project.environments:
            raise SettingsError(
                f"unknown environment `{name}`; expected one of: "
                f"{list_names(project.environments)}",
                find_place(layers, "environment"),
                f"{suggest(name, project.environments)}Name one of `environments`.",
            )
        return name
    if fallback and fallback not in project.environments:
        raise ProjectError(
            f"MELTANO_ENVIRONMENT is the unknown environment `{fallback}`; expected one of: "
            f"{list_names(project.environments)}",
            project.where,
            f"{suggest(fallback, project.environments)}Add `- name: {fallback}` under "
            "`environments`, or name another with the setting `environment`.",
        )
    return fallback or _default_environment(project)


def _default_environment(project: Project) -> str | None:
    default = project.default_environment
    if default is None:
        return None
    if default.unset:
        names = list_names(default.unset)
        raise ProjectError(
            f"the default environment `{default.text}` cannot be resolved; not set: {names}",
            default.where,
            f"Set {names} or MELTANO_ENVIRONMENT for Airflow (locally in the project's "
            "`.env`), or name the environment in meltano.yml: `annotations: {meltano_pods: "
            f"{{environment: {next(iter(project.environments), 'dev')}}}}}`.",
        )
    if default.name not in project.environments:
        written = "" if default.text in {None, default.name} else f" (`{default.text}`)"
        raise ProjectError(
            f"unknown default environment {quote(default.name)}{written}; expected one of: "
            f"{list_names(project.environments)}",
            default.where,
            f"{suggest(default.name, project.environments)}Name one of `environments`, or add "
            "it there.",
        )
    return default.name


def find_missing_environments(plan: ProjectPlan) -> Iterator[ProjectError]:
    """Yield a warning for each DAG whose runs Meltano rejects because they have no environment.

    `meltano run` needs one; `meltano el`, for schedules of extractor and loader, does not (Meltano
    4.4.1, `cli/utils.py`, `activate_environment`).
    """
    for dag in plan.dags:
        rejected = [task for task in dag.tasks if "--state-id" not in task.arguments]
        if any(task.environment is None for task in rejected):
            yield ProjectError(
                f"the runs of {dag.dag_id} will fail: `meltano run`, which runs jobs, needs a "
                "Meltano environment, and none is selected",
                dag.where,
                "Set `default_environment: dev` and list `- name: dev` under `environments`, or "
                "name one of them with the setting `environment`.",
            )


def check_schedule_env(schedule: Schedule, errors: Errors) -> dict[str, str]:
    """Return a schedule's `env`, checked by the rules of the setting `env`.

    Args:
        schedule: The schedule.
        errors: Receives an error for each invalid name or value.
    """
    for name, value in schedule.env.items():
        try:
            check_variable(name, value)
        except ValueError as error:
            place = schedule.env_places[name]
            fix = f"Remove `{name}` from the schedule's `env`."
            errors.found.append(SettingsError(str(error), place, fix))
    return dict(schedule.env)


def check_no_secrets(settings: Settings, layers: Iterable[Layer]) -> None:
    """Check that no secret is written where it would be shown.

    Args:
        settings: The merged settings of a task, with the names that are not secret.
        layers: The layers to search.

    Raises:
        SettingsError: With an error for each secret.
    """
    errors = [each for layer in layers for each in find_secret_errors(layer, settings.not_secret)]
    if errors:
        raise combine_errors(errors)


def check_variable_sources(
    settings: Settings, env: Mapping[str, str], layers: Sequence[Layer]
) -> None:
    """Check that each of a task's variables, plain and secret ones, has one source.

    Args:
        settings: Settings of the task.
        env: Its plain variables, including the schedule's.
        layers: Its layers in the order of precedence, for the place of an error.

    Raises:
        SettingsError: A variable has two sources.
    """
    if not settings.secret_env and not settings.airflow_env:
        return
    sources = {"env": env, "secret_env": settings.secret_env, "airflow_env": settings.airflow_env}
    for (first, names), (other, other_names) in itertools.combinations(sources.items(), 2):
        for name in names.keys() & other_names.keys():
            raise SettingsError(
                f"`{name}` is in `{other}` and in `{first}`; a variable can have only one source",
                find_place(layers, other, name),
                f"Remove `{name}` from one of them.",
            )


def check_allowed_environments(
    project: Project, settings: Settings, environment: str | None, layers: Sequence[Layer]
) -> None:
    """Check the environments that a manual run may choose.

    A run can only pass another environment to Meltano: pods, secrets and everything else are the
    DAG's, so an environment with other settings is rejected.

    Args:
        project: The project.
        settings: Settings of the DAG.
        environment: Meltano environment of the DAG.
        layers: Its layers, for the place of an error.

    Raises:
        SettingsError: An environment is not defined, or has different settings.
    """
    default = {} if environment is None else _collect_settings(project.environments[environment])
    for name in settings.allowed_environments:
        if name not in project.environments:
            raise SettingsError(
                f"unknown environment `{name}`; expected one of: "
                f"{list_names(project.environments)}",
                find_place(layers, _SETTING),
                f"{suggest(name, project.environments)}Name environments of `environments`.",
            )
        other = _collect_settings(project.environments[name])
        keys = {key for key in {*default, *other} if default.get(key) != other.get(key)}
        if keys:
            raise SettingsError(
                f"a run that chooses the environment `{name}` would keep these settings of "
                f"`{environment}`: {list_names(keys)}",
                find_place(layers, _SETTING),
                f"Give both environments the same settings, or remove `{name}` from `{_SETTING}` "
                f"and add a schedule with `environment: {name}`.",
            )


def _collect_settings(environment: Environment) -> dict[str, Any]:
    """Return the settings of an environment; those of its plugins with the plugin's name."""
    settings = dict(environment.annotations.values)
    for (_, plugin), layer in environment.plugins.items():
        settings |= {f"{key} of {plugin}": value for key, value in layer.values.items()}
    return settings
