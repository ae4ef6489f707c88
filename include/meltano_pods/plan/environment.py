"""Which Meltano environment a DAG runs in, and which variables its schedule adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError, SettingsError
from meltano_pods.names import listed, suggestion
from meltano_pods.settings.layer import in_order, place_of
from meltano_pods.settings.merge import merged
from meltano_pods.settings.values import check_variable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_pods.project import Annotations, Project, Schedule
    from meltano_pods.settings import Settings
    from meltano_pods.settings.layer import Layer

STATE_BACKEND = "MELTANO_STATE_BACKEND_URI"


def choose_environment(
    project: Project, own: Sequence[Annotations], fallback: str | None
) -> str | None:
    """Return the name of the environment, or None where the project has none.

    The setting comes first, then `fallback` (Airflow's MELTANO_ENVIRONMENT), then
    `default_environment`. It is chosen before the environment's own annotations are merged.

    Args:
        project: The project.
        own: Annotations of the job and the schedule.
        fallback: What to take where no setting says.

    Raises:
        ProjectError: The project does not define that environment.
    """
    layers = in_order([project.annotations, *own])
    if (said := merged(layers).environment) is not None:
        if said not in project.environments:
            raise SettingsError(
                f"the environment `{said}` is not defined; defined are: "
                f"{listed(project.environments)}",
                place_of(layers, "environment"),
                f"{suggestion(said, project.environments)}Name one of `environments`.",
            )
        return said
    if fallback and fallback not in project.environments:
        raise ProjectError(
            f"MELTANO_ENVIRONMENT says `{fallback}`, which this project does not define; defined "
            f"are: {listed(project.environments)}",
            project.where,
            f"{suggestion(fallback, project.environments)}Add `- name: {fallback}` under "
            "`environments`, or name another with the setting `environment`.",
        )
    return fallback or project.default_environment


def schedule_env(schedule: Schedule) -> dict[str, str]:
    """Return a schedule's `env`, held to the rules of the setting `env`.

    Raises:
        SettingsError: A bad name or a likely secret, which Airflow would show.
    """
    for name, value in schedule.env.items():
        try:
            check_variable(name, value)
        except ValueError as error:
            raise SettingsError(
                str(error), schedule.env_places[name], f"Remove `{name}` from the schedule's `env`."
            ) from None
    return dict(schedule.env)


def check_environment(settings: Settings, env: Mapping[str, str], layers: Sequence[Layer]) -> None:
    """Check what a task's plain and secret variables say together.

    Args:
        settings: The task's.
        env: Its plain variables, the schedule's among them.
        layers: What said it, in the order in which they win; for the place of an error.

    Raises:
        SettingsError: A variable has two sources, or the state would have no place to stay.
    """
    for name in settings.secret_env.keys() & env.keys():
        raise SettingsError(
            f"`{name}` is in `secret_env` and in `env`, and a variable has one source",
            place_of(layers, "secret_env", name),
            f"Remove `{name}` from one of them.",
        )
    if settings.state == "backend" and STATE_BACKEND not in {*settings.secret_env, *env}:
        raise SettingsError(
            f"`state` is `backend`, but neither `env` nor `secret_env` has {STATE_BACKEND}: the "
            "state would end with the pod",
            place_of(layers, "state"),
            f"Add it, as `env: {{{STATE_BACKEND}: s3://bucket/prefix}}` or as `secret_env: "
            f"{{{STATE_BACKEND}: {{}}}}`.",
        )
