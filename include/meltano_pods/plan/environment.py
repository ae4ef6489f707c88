"""Which Meltano environment a DAG runs in, and which variables its schedule adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError, SettingsError
from meltano_pods.names import listed, suggestion
from meltano_pods.settings import settings_of
from meltano_pods.settings.values import check_variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.project import Annotations, Project, Schedule


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
    layers = [project.annotations, *own]
    if (said := settings_of(layers).environment) is not None:
        place = next(each for each in reversed(layers) if "environment" in each.values)
        if said not in project.environments:
            raise SettingsError(
                f"the environment `{said}` is not defined; defined are: "
                f"{listed(project.environments)}",
                place.places["environment"],
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
