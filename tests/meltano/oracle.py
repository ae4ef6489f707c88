"""What Meltano itself makes of projects: its own commands, one after another in one process.

A script for Meltano's environment, which has nothing of ours. Reads folders, one a line, and writes
one JSON object: for each folder what Meltano says, or its error.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import structlog
from meltano.cli import cli
from meltano.core import yaml
from meltano.core.behavior.canonical import Canonical
from meltano.core.block.block_parser import BlockParser
from meltano.core.block.extract_load import ExtractLoadBlocks
from meltano.core.plugin.project_plugin import ProjectPlugin
from meltano.core.project import Project
from meltano.core.task_sets_service import TaskSetsService


def main() -> None:
    folders = sys.stdin.read().splitlines()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as work:
        # One database for all, so that its migrations run once.
        os.environ["MELTANO_DATABASE_URI"] = f"sqlite:///{work}/meltano.db"
        answers = {folder: _look_at(Path(folder)) for folder in folders}
    sys.stdout.write(json.dumps(answers))


def _look_at(folder: Path) -> dict[str, Any]:
    try:
        return {
            "schedules": json.loads(_output(folder, "schedule", "list", "--format", "json")),
            "jobs": json.loads(_output(folder, "job", "list", "--format", "json")),
            "manifests": _manifests(folder),
            "plugins": _plugins(_project(folder)),
            "sets": _sets(_project(folder)),
            "states": _states(folder),
        }
    except Exception as error:  # noqa: BLE001 - any of Meltano's is the answer
        return {"error": f"{type(error).__name__}: {error}"}


def _forget() -> None:
    """Make Meltano as new: it caches what it read, and joining files changes what is cached."""
    Project.deactivate()
    yaml.cache.clear()
    Canonical._parse.cache_clear()


def _project(folder: Path) -> Project:
    _forget()
    return Project(folder)


def _output(folder: Path, *command: str) -> str:
    _forget()
    before = Path.cwd()
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            cli(["--log-level", "disabled", "--cwd", str(folder), *command], standalone_mode=False)
    finally:
        os.chdir(before)
    return printed.getvalue()


def _manifests(folder: Path) -> dict[str, Any]:
    """Return what `compile` writes: by environment, without one under an empty name."""
    _output(folder, "compile")
    files = (folder / ".meltano" / "manifests").iterdir()
    return {
        file.name.removeprefix("meltano-manifest").removesuffix(".json").removeprefix("."): (
            json.loads(file.read_text())
        )
        for file in files
    }


def _plugins(project: Project) -> list[dict[str, Any]]:
    found = list(project.plugins.plugins())
    return [
        {
            "type": str(plugin.type),
            "name": plugin.name,
            "mapping": plugin.extra_config.get("_mapping_name"),
            "inherit_from": plugin.inherit_from,
            "commands": sorted(plugin.all_commands),
            "parent": plugin.parent.name if isinstance(plugin.parent, ProjectPlugin) else None,
            "named": str(project.plugins.find_plugin(_name(plugin)).type),
        }
        for plugin in found
    ]


def _name(plugin: ProjectPlugin) -> str:
    mapping: str | None = plugin.extra_config.get("_mapping_name")
    return mapping or str(plugin.name)


def _sets(project: Project) -> dict[str, list[int] | str]:
    """Return how many blocks make each set of a job, as `meltano run` takes it apart."""
    found: dict[str, list[int] | str] = {}
    for job in TaskSetsService(project).list_task_sets():
        try:
            parser = BlockParser(structlog.get_logger(), project, job.flat_args)
            found[job.name] = [
                len(getattr(block, "blocks", [block])) for block in parser.find_blocks()
            ]
        except Exception as error:  # noqa: BLE001
            found[job.name] = f"{type(error).__name__}: {error}"
    return found


def _states(folder: Path) -> dict[str, dict[str, list[list[str]] | str]]:
    """Return the state ids of each job's tasks, as `meltano run` makes them: by environment."""
    found: dict[str, dict[str, list[list[str]] | str]] = {}
    for environment in [each.name for each in _project(folder).meltano.environments]:
        project = _project(folder)
        project.activate_environment(environment)
        found[environment] = {
            job.name: _states_of(project, job.flat_args_per_set)
            for job in TaskSetsService(project).list_task_sets()
        }
    return found


def _states_of(project: Project, tasks: list[list[str]]) -> list[list[str]] | str:
    try:
        return [
            [
                block.context.job.job_name
                for block in BlockParser(structlog.get_logger(), project, task).find_blocks()
                if isinstance(block, ExtractLoadBlocks)
            ]
            for task in tasks
        ]
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
