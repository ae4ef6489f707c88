"""Checks the commands of plugins in blocks, such as `dbt:run`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectError
from meltano_pods.names import list_names, suggest
from meltano_pods.project.files import get_location, read_text
from meltano_pods.project.meltano_command import build_meltano_command
from meltano_pods.project.model import PluginType
from meltano_pods.project.references.lock_files import get_lock_file
from meltano_pods.project.yaml.nodes import quote

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.project.model import Job, Plugin, Project, Task

# Meltano runs plugins of these types directly, whatever command a block names.
_TYPES_WITHOUT_COMMANDS = (PluginType.EXTRACTORS, PluginType.MAPPERS, PluginType.LOADERS)


def check_commands(project: Project, job: Job, known: dict[str, set[str] | None]) -> Job:
    """Return the job with an error for each block whose command its plugin does not have.

    Args:
        project: The project.
        job: One of its jobs.
        known: Cache of commands by plugin.
    """
    errors = Errors()
    for task in job.tasks:
        for block in task.blocks:
            if ":" in block:
                with errors:
                    _check_block(project, task, block, known)
    return job if not errors.found else replace(job, errors=(*job.errors, *errors.found))


def find_commands(project: Project, plugin: Plugin) -> set[str] | None:
    """Return a plugin's commands, including inherited ones; None if only Meltano Hub knows them.

    Raises:
        ProjectError: A lock file is invalid.
    """
    lineage = project.get_lineage(plugin)
    first = lineage[0]
    defined = {command for each in lineage for command in each.commands}
    if first.custom:
        return defined
    locked = _read_locked_commands(project.path, first)
    return None if locked is None else defined | locked


def _check_block(
    project: Project, task: Task, block: str, known: dict[str, set[str] | None]
) -> None:
    name, _, command = block.partition(":")
    plugin = project.named.get(name)
    if plugin is None or plugin.type in _TYPES_WITHOUT_COMMANDS or plugin.errors:
        return
    if name not in known:
        known[name] = find_commands(project, plugin)
    valid = known[name]
    # `blocks` reports a block with more colons.
    if valid is not None and command not in valid and ":" not in command:
        raise ProjectError(
            f"the plugin {quote(name)} has no command {quote(command)}; expected one of: "
            f"{list_names(valid)}",
            task.where,
            f"{suggest(command, valid)}Name one of these, or add it under `commands` of the "
            "plugin.",
        )


def _read_locked_commands(folder: Path, plugin: Plugin) -> set[str] | None:
    """Return the commands of a plugin's lock file; None if there is no such file."""
    path = get_lock_file(folder, plugin)
    if not path.is_file():
        return None
    try:
        definition = json.loads(read_text(folder, path))
        return set(definition.get("commands") or {})
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise ProjectError(
            "not a plugin definition in JSON",
            get_location(folder, path),
            f"Create it again: `{build_meltano_command(folder, f'lock --update {plugin.name}')}`.",
        ) from None
