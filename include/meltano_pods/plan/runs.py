"""What the settings say of single runs, held against the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.errors import SettingsError
from meltano_pods.names import listed, suggestion
from meltano_pods.project.transforms import SKIP
from meltano_pods.settings.layers import find_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.plan.draft import Command
    from meltano_pods.project import Project
    from meltano_pods.project.model import Environment
    from meltano_pods.settings import Settings
    from meltano_pods.settings.layers import Layer

_ALLOWED = "allowed_environments"


def check_allowed_environments(
    project: Project, settings: Settings, environment: str | None, layers: Sequence[Layer]
) -> None:
    """Check the environments that a manual run may choose.

    A run can only pass another environment to Meltano: pods, secrets and everything else are the
    DAG's, so an environment with other settings is rejected.

    Args:
        project: The project.
        settings: The DAG's.
        environment: Meltano environment of the DAG.
        layers: What said it, for the place of an error.

    Raises:
        SettingsError: An environment is not defined, or has settings of its own.
    """
    own = {} if environment is None else _said(project.environments[environment])
    for name in settings.allowed_environments:
        if name not in project.environments:
            raise SettingsError(
                f"the environment `{name}` is not defined; defined are: "
                f"{listed(project.environments)}",
                find_place(layers, _ALLOWED),
                f"{suggestion(name, project.environments)}Name some of `environments`.",
            )
        other = _said(project.environments[name])
        keys = {key for key in {*own, *other} if own.get(key) != other.get(key)}
        if keys:
            raise SettingsError(
                f"a run that chooses the environment `{name}` would keep what `{environment}` says "
                f"here of: {listed(keys)}",
                find_place(layers, _ALLOWED),
                f"Give both environments the same, or take `{name}` from `{_ALLOWED}` and add a "
                f"schedule with `environment: {name}`.",
            )


def _said(environment: Environment) -> dict[str, Any]:
    """Return the settings of an environment; those of plugins in it with the plugin's name."""
    said = dict(environment.annotations.values)
    for (_, plugin), own in environment.plugins.items():
        said |= {f"{key} of {plugin}": value for key, value in own.values.items()}
    return said


def check_no_state_update(
    settings: Settings, environment: str | None, command: Command, layers: Sequence[Layer]
) -> None:
    """Check that Meltano can run a task with a separate state or without one, if requested.

    Args:
        settings: The task's.
        environment: Meltano environment of the DAG.
        command: What the task runs.
        layers: What said it, for the place of an error.

    Raises:
        SettingsError: It cannot.
    """
    if not settings.no_state_update or command.state_id is None:
        return
    if environment is None:
        raise SettingsError(
            f"`no_state_update` needs an environment for the schedule `{command.state_id}`: "
            "`meltano el` has no such option, and `meltano run` runs nothing without an "
            "environment",
            find_place(layers, "no_state_update"),
            "Add an environment and `default_environment`, or set a `state_id_suffix` instead.",
        )
    if command.transform != SKIP:
        raise SettingsError(
            f"`no_state_update` cannot be combined with `transform: {command.transform}` of the "
            f"schedule `{command.state_id}`: `meltano elt` has no such option",
            find_place(layers, "no_state_update"),
            "Set a `state_id_suffix` instead, or schedule a job.",
        )
