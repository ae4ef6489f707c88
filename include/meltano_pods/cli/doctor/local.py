"""Checks what runs need on this machine: the runner, variables and installed plugins."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meltano_runner.contract.categories import Category

from meltano_pods.cli.doctor.finding import ERROR, NOTE, WARNING, Finding, build_ok
from meltano_pods.cli.local_paths import has_local_meltano
from meltano_pods.cli.run_local import build_local_environment
from meltano_pods.cli.run_request import RunRequest
from meltano_pods.names import list_names
from meltano_pods.pods.spec.build import RunSpec
from meltano_pods.project.meltano_command import has_make_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meltano_pods.cli.projects import Projects
    from meltano_pods.plan import TaskPlan
    from meltano_pods.tasks.deployment import Deployment

_SECONDS = 120


class LocalTask(NamedTuple):
    """A task that runs as a process.

    Attributes:
        folder: The project's folder.
        task: The task's plan.
    """

    folder: Path
    task: TaskPlan


class RunProblem(NamedTuple):
    """Something that a run needs and does not have, as the runner reports it.

    Attributes:
        folder: The project's folder.
        category: `variable_missing` or `plugin_missing`.
        name: The variable or plugin.
        error: The error message.
    """

    folder: Path
    category: str
    name: str
    error: str


def check_runner(
    found: Projects, tasks: Sequence[LocalTask], deployment: Deployment
) -> Iterator[Finding]:
    """Check whether tasks can run as processes on this machine.

    Args:
        found: The projects.
        tasks: The tasks.
        deployment: Where they run.
    """
    # Imported here, because it imports Airflow.
    from meltano_pods.local.runner import RunnerMissingError, find_runner  # noqa: PLC0415

    try:
        runner = find_runner(found.folders[0], found.root)
    except RunnerMissingError as error:
        yield Finding(ERROR, "runner", error.what, error.fix)
        return
    yield build_ok("runner", f"tasks run as processes of {runner}")
    yield from _check_runs(runner, tasks, deployment, found.root)


def _check_runs(
    runner: Path, tasks: Sequence[LocalTask], deployment: Deployment, root: Path
) -> Iterator[Finding]:
    runs = [_build_run(each, deployment, root) for each in tasks]
    try:
        done = subprocess.run(
            [str(runner), "check"], input=json.dumps(runs), capture_output=True, text=True,
            check=True, timeout=_SECONDS,
        )  # fmt: skip
        answer = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        what = f"variables and plugins are not checked: `{runner} check` failed ({error})"
        yield Finding(NOTE, "runner", what, "Install the same version of the runner.")
        return
    found = {
        RunProblem(task.folder, **problem): None
        for task, problems in zip(tasks, answer, strict=True)
        for problem in problems
    }
    if not found:
        yield build_ok("runner", "all variables are set and all plugins installed")
    yield from report_problems(list(found), installs=has_local_meltano(root))


def report_problems(found: Sequence[RunProblem], *, installs: bool) -> Iterator[Finding]:
    """Report each variable, and all plugins of a project together.

    Args:
        found: The problems.
        installs: Whether `make run` installs plugins.
    """
    variables: dict[tuple[Path, str], str] = {}
    plugins: dict[Path, list[str]] = {}
    for each in found:
        if each.category == Category.VARIABLE_MISSING.value:
            variables.setdefault((each.folder, each.name), each.error)
        elif each.category == Category.PLUGIN_MISSING.value:
            plugins.setdefault(each.folder, []).append(each.name)
    for (folder, name), error in variables.items():
        yield Finding(
            ERROR, "variables", f"{folder.name}: {error}",
            "If the name is misspelled, correct it at this place. Else add a line "
            f"`{name}=...` to {_shorten_path(folder)}/.env, or export {name}.",
        )  # fmt: skip
    for folder, names in plugins.items():
        yield Finding(
            WARNING if installs else ERROR,
            "plugins",
            f"{folder.name}: plugins are not installed on this machine: {list_names(names)}",
            "Install them with `make plugins`; `make run` installs those of its DAG."
            if installs and has_make_target(folder)
            else f"Run `meltano install` in {_shorten_path(folder)}.",
        )


def _shorten_path(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _build_run(each: LocalTask, deployment: Deployment, root: Path) -> dict[str, object]:
    """Return a run as the runner reads it. Values of `airflow_env` count as set."""
    task, invocation = each.task, each.task.build_invocation()
    env = {**task.env, **invocation.env}
    spec = RunSpec(invocation.arguments, invocation.environment, env)
    request = RunRequest(root, each.folder, "", "", task, spec, deployment)
    values = dict.fromkeys(task.settings.airflow_env, "")
    return {
        "arguments": list(invocation.arguments),
        "environment": build_local_environment(request, values),
    }
