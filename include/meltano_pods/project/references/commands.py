"""Which commands a plugin has, so that no run finds out that `dbt:rnu` is none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectError
from meltano_pods.names import listed, suggestion
from meltano_pods.project.files import location_of, read_text
from meltano_pods.project.meltano_command import meltano_command
from meltano_pods.project.model import PluginType
from meltano_pods.project.references.lock_files import lock_file
from meltano_pods.project.yaml.nodes import shown

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.project.model import Job, Plugin, Project, Task

# Of these Meltano runs the plugin itself, whatever command a block names.
_WITHOUT = (PluginType.EXTRACTORS, PluginType.MAPPERS, PluginType.LOADERS)


def with_commands(project: Project, job: Job, known: dict[str, set[str] | None]) -> Job:
    """Return the job with an error for each block whose command its plugin does not have.

    Args:
        project: The project.
        job: One of its jobs.
        known: Commands by plugin, as far as they were looked up; it is filled.
    """
    errors = Errors()
    for task in job.tasks:
        for block in task.blocks:
            if ":" in block:
                with errors:
                    _check_block(project, task, block, known)
    return job if not errors.found else replace(job, errors=(*job.errors, *errors.found))


def commands_of(project: Project, plugin: Plugin) -> set[str] | None:
    """Return a plugin's commands, with those of what it extends; None if only Meltano Hub knows.

    Raises:
        ProjectError: A lock file that is none.
    """
    lineage = project.lineage_of(plugin)
    first = lineage[0]
    own = {command for each in lineage for command in each.commands}
    if first.custom:
        return own
    locked = _locked(project.path, first)
    return None if locked is None else own | locked


def _check_block(
    project: Project, task: Task, block: str, known: dict[str, set[str] | None]
) -> None:
    name, _, command = block.partition(":")
    plugin = project.named.get(name)
    if plugin is None or plugin.type in _WITHOUT or plugin.errors:
        return
    if name not in known:
        known[name] = commands_of(project, plugin)
    valid = known[name]
    # With more colons it is none of its commands, and blocks.py says so.
    if valid is not None and command not in valid and ":" not in command:
        raise ProjectError(
            f"the block {shown(block)} names no command of {shown(name)}; it has: {listed(valid)}",
            task.where,
            f"{suggestion(command, valid)}Name one of these, or add it under `commands` of the "
            "plugin.",
        )


def _locked(folder: Path, plugin: Plugin) -> set[str] | None:
    """Return the commands of a plugin's lock file; None if there is no such file."""
    path = lock_file(folder, plugin)
    if not path.is_file():
        return None
    try:
        said = json.loads(read_text(folder, path))
        return set(said.get("commands") or {})
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise ProjectError(
            "not the JSON of a plugin's definition",
            location_of(folder, path),
            f"Create it again: `{meltano_command(folder, f'lock --update {plugin.name}')}`.",
        ) from None
