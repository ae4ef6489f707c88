"""What Meltano itself makes of projects: its own commands, one after another in one process.

A script for Meltano's environment, which has nothing of ours. Reads folders, one a line, and writes
one JSON object: for each folder what Meltano says, or its error; where a plugin is not
defined there, only what Meltano says without the Hub.
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
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import structlog
from meltano.cli import cli
from meltano.cli.cli import detect_selected_environment
from meltano.core import yaml
from meltano.core.behavior.canonical import Canonical
from meltano.core.block.block_parser import BlockParser
from meltano.core.block.extract_load import ExtractLoadBlocks
from meltano.core.hub.client import HubConnectionError
from meltano.core.plugin.project_plugin import ProjectPlugin
from meltano.core.project import Project
from meltano.core.settings_service import SettingsService
from meltano.core.task_sets_service import TaskSetsService

if TYPE_CHECKING:
    from collections.abc import Callable


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
    questions: dict[str, Callable[[], Any]] = {
        "schedules": lambda: json.loads(_output(folder, "schedule", "list", "--format", "json")),
        "jobs": lambda: json.loads(_output(folder, "job", "list", "--format", "json")),
        "chosen": lambda: _chosen(folder),
        "state_backends": lambda: _state_backends(folder),
        "manifests": lambda: _manifests(folder),
        "plugins": lambda: _plugins(_project(folder)),
        "sets": lambda: _sets(_project(folder)),
        "states": lambda: _states(folder),
    }
    answers: dict[str, Any] = {}
    for name, ask in questions.items():
        try:
            answers[name] = ask()
        except HubConnectionError as error:
            # For a plugin without a definition, only the Hub could tell more.
            return {**answers, "hub": str(error)}
        except Exception as error:  # noqa: BLE001 - any of Meltano's is the answer
            return {"error": f"{name}: {type(error).__name__}: {error}"}
    return answers


def _chosen(folder: Path) -> str | None:
    """Return the environment that Meltano takes where the command line names none."""
    chosen: tuple[str | None, bool] = detect_selected_environment(
        cli_environment=None, cli_no_environment=False, project=_project(folder)
    )
    return chosen[0]


def _state_backends(folder: Path) -> dict[str, str]:
    """Return the address of the state, by environment; without one under an empty name."""
    found: dict[str, str] = {}
    for environment in ["", *(each.name for each in _project(folder).meltano.environments)]:
        project = _project(folder)
        if environment:
            project.activate_environment(environment)
        found[environment] = project.settings.get("state_backend.uri")
    return found


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
    """Return what `compile` writes: by environment, without one under an empty name.

    Nothing where it does not take the project, though other commands do.
    """
    try:
        # Variables of settings take half of the time, and nothing asks for them.
        with patch.object(SettingsService, "as_env", return_value={}):
            _output(folder, "compile")
    except (TypeError, AttributeError):
        return {}  # it takes less than all other commands do
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
