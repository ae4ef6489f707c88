"""`meltano-runner check`: finds what runs on this machine lack without starting them.

It reads a JSON list of runs, each with `arguments` (what follows `meltano-runner`) and
`environment` (all of its variables), and writes a JSON list with the problems of each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.categories import Category
from meltano_runner.run import command, secrets, variables
from meltano_runner.run.definitions import Definitions
from meltano_runner.run.workspace import SYSTEM_DIR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_Problem = dict[str, str]


def check_runs(text: str) -> str:
    """Return the problems of each run, as JSON.

    Args:
        text: The runs, as JSON.
    """
    return json.dumps([list(_find_problems(each)) for each in json.loads(text)])


def _find_problems(run: Mapping[str, Any]) -> Iterator[_Problem]:
    """Yield what a run lacks: the category, the name, and a message for people."""
    environment: Mapping[str, str] = run["environment"]
    project = Path(environment["MELTANO_PROJECT_ROOT"])
    request = command.parse_arguments(run["arguments"][1:])
    definitions = Definitions(project, environment.get("MELTANO_ENVIRONMENT") or None)
    known = {**secrets.read_dotenv(project / ".env"), **environment}
    try:
        variables.check_variables(definitions, request.blocks, known)
    except variables.MissingVariableError as error:
        for each in error.missing:
            yield _build_problem(Category.VARIABLE_MISSING, each.variable, str(each))
    folder = Path(known.get(SYSTEM_DIR) or project / ".meltano")
    for plugin in definitions.find_plugins(request.blocks):
        name = plugin.installed_as
        if name is not None and not (folder / plugin.type / name / "venv").is_dir():
            what = f"the plugin {plugin.name} is not installed in {folder}"
            yield _build_problem(Category.PLUGIN_MISSING, plugin.name, what)


def _build_problem(category: Category, name: str, error: str) -> _Problem:
    return {"category": category.value, "name": name, "error": error}
