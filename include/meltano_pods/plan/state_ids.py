"""Meltano's state ids: the names under which the runs of a task save their bookmarks.

They are those of Meltano 4.4.1: https://docs.meltano.com/concepts/state_management, in its code
`core/block/block_parser.py` and `core/block/extract_load.py` (`generate_state_id`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import SettingsError
from meltano_pods.project import PluginType
from meltano_pods.project.model import Transform
from meltano_pods.project.variables import expand
from meltano_pods.settings.layers import find_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_pods.plan.dag_source import TaskSource
    from meltano_pods.project import Project
    from meltano_pods.settings import Settings
    from meltano_pods.settings.layers import Layer


def compute_state_ids(
    project: Project,
    blocks: tuple[str, ...],
    environment: str | None,
    suffix: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Return the state ids of a `meltano run`, one for each pair of extractor and loader.

    Without an environment, Meltano does not save a state.

    Args:
        project: The project.
        blocks: The blocks to run.
        environment: Meltano environment of the run.
        suffix: State id suffix of the run's options; None for that of the environment.
        variables: Variables of the run, to which the environment's suffix may refer.
    """
    if environment is None:
        return ()
    suffix = suffix or _get_environment_suffix(project, environment, variables or {})
    names = (f"{extractor}-to-{loader}" for extractor, loader in find_pipelines(project, blocks))
    ids = (":".join(filter(None, (environment, name, suffix))) for name in names)
    return tuple(dict.fromkeys(ids))


def _get_environment_suffix(
    project: Project, environment: str, variables: Mapping[str, str]
) -> str | None:
    """Return an environment's suffix; as written if only the run knows its variables."""
    written = project.environments[environment].state_id_suffix
    if written is None:
        return None
    of_project = {name: each.text for name, each in project.env.items()}
    text, unset = expand(written, {**variables, **of_project})
    return written if unset else text


def find_pipelines(project: Project, blocks: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return extractor and loader of each pipeline, without the mappers between them."""
    found = []
    extractor = None
    for block in blocks:
        plugin = project.find_plugin(block)
        kind = None if plugin is None else plugin.type
        if plugin is not None and kind is PluginType.EXTRACTORS:
            extractor = plugin.name
        elif plugin is not None and kind is PluginType.LOADERS and extractor is not None:
            found.append((extractor, plugin.name))
            extractor = None
        elif kind is not PluginType.MAPPERS:
            extractor = None
    return tuple(found)


def check_no_state_update(
    settings: Settings, environment: str | None, task: TaskSource, layers: Sequence[Layer]
) -> None:
    """Check that Meltano can run a task with `no_state_update`, if set.

    Args:
        settings: Settings of the task.
        environment: Meltano environment of the DAG.
        task: The task.
        layers: Its layers, for the place of an error.

    Raises:
        SettingsError: It cannot.
    """
    if not settings.no_state_update or task.state_id is None:
        return
    if environment is None:
        raise SettingsError(
            f"`no_state_update` needs an environment for the schedule `{task.state_id}`: "
            "`meltano el` has no such option, and `meltano run` runs nothing without an "
            "environment",
            find_place(layers, "no_state_update"),
            "Add an environment and `default_environment`, or set a `state_id_suffix` instead.",
        )
    if task.transform is not Transform.SKIP:
        raise SettingsError(
            f"`no_state_update` cannot be combined with `transform: {task.transform}` of the "
            f"schedule `{task.state_id}`: `meltano elt` has no such option",
            find_place(layers, "no_state_update"),
            "Set a `state_id_suffix` instead, or schedule a job.",
        )
