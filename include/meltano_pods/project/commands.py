"""Which commands a plugin has, so that no run finds out that `dbt:rnu` is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError
from meltano_pods.names import listed, suggestion
from meltano_pods.project.definitions import lock_file
from meltano_pods.project.document import shown
from meltano_pods.project.files import location_of, read_text
from meltano_pods.project.model import PluginType

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.project.model import Plugin, Project, Task

# Of these Meltano runs the plugin itself, whatever command a block names.
_WITHOUT = (PluginType.EXTRACTORS, PluginType.MAPPERS, PluginType.LOADERS)


def check_commands(project: Project) -> None:
    """Refuse a block whose command its plugin does not have.

    Raises:
        ProjectError: At the place of the task; or at a lock file that is none.
    """
    known: dict[str, set[str] | None] = {}
    for job in project.jobs.values():
        for task in job.tasks:
            _check_task(project, task, known)


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


def _check_task(project: Project, task: Task, known: dict[str, set[str] | None]) -> None:
    for block in task.blocks:
        name, colon, command = block.partition(":")
        plugin = project.named[name] if colon else None
        if plugin is None or plugin.type in _WITHOUT:
            continue
        if name not in known:
            known[name] = commands_of(project, plugin)
        valid = known[name]
        if valid is not None and command not in valid:
            raise ProjectError(
                f"the block {shown(block)} names no command of {shown(name)}; it has: "
                f"{listed(valid)}",
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
            f"Make it anew: `meltano lock --update {plugin.name}`.",
        ) from None
