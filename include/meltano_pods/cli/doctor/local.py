"""Checks what runs as processes need on this machine: variables and installed plugins."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meltano_runner.contract.categories import Category

from meltano_pods.cli.asked import Asked
from meltano_pods.cli.doctor.finding import FAULT, NOTE, WARNING, Finding, ok
from meltano_pods.cli.here import is_here
from meltano_pods.cli.run_local import local_environment
from meltano_pods.names import listed
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
        folder: Its project's.
        task: Its plan.
    """

    folder: Path
    task: TaskPlan


class Problem(NamedTuple):
    """What a run lacks, as the runner reports it.

    Attributes:
        folder: The project's.
        category: `variable_missing` or `plugin_missing`.
        name: Of the variable or plugin.
        error: The text of it.
    """

    folder: Path
    category: str
    name: str
    error: str


def judge_runner(
    found: Projects, tasks: Sequence[LocalTask], deployment: Deployment
) -> Iterator[Finding]:
    """Yield whether tasks can run as processes on this machine.

    Args:
        found: The projects.
        tasks: The tasks.
        deployment: Where they run.
    """
    # Here and not above: it brings Airflow.
    from meltano_pods.local.command import RunnerMissingError, find_runner  # noqa: PLC0415

    try:
        runner = find_runner(found.folders[0], found.root)
    except RunnerMissingError as error:
        yield Finding(FAULT, "runner", error.what, error.fix)
        return
    yield ok("runner", f"runs are processes, started by {runner}")
    yield from _judge_runs(runner, tasks, deployment, found.root)


def _judge_runs(
    runner: Path, tasks: Sequence[LocalTask], deployment: Deployment, root: Path
) -> Iterator[Finding]:
    runs = [_run(each, deployment, root) for each in tasks]
    try:
        done = subprocess.run(
            [str(runner), "check"], input=json.dumps(runs), capture_output=True, text=True,
            check=True, timeout=_SECONDS,
        )  # fmt: skip
        answer = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        what = f"variables and plugins not checked: `{runner} check` failed ({error})"
        yield Finding(NOTE, "runner", what, "Install the runner of this version.")
        return
    found = {
        Problem(task.folder, **problem): None
        for task, problems in zip(tasks, answer, strict=True)
        for problem in problems
    }
    if not found:
        yield ok("runner", "all variables are set, all plugins installed")
    yield from judge_problems(list(found), installs=is_here(root))


def judge_problems(found: Sequence[Problem], *, installs: bool) -> Iterator[Finding]:
    """Yield a finding for each variable, and one for all plugins of a project.

    Args:
        found: What runs lack.
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
            FAULT, "variables", f"{folder.name}: {error}",
            f"Add a line `{name}=...` to {_short(folder)}/.env, or export {name}.",
        )  # fmt: skip
    for folder, names in plugins.items():
        yield Finding(
            WARNING if installs else FAULT,
            "plugins",
            f"{folder.name}: plugins are not installed on this machine: {listed(names)}",
            "`make plugins` installs them; `make run` installs those of its DAG."
            if installs and has_make_target(folder)
            else f"Run `meltano install` in {_short(folder)}.",
        )


def _short(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _run(each: LocalTask, deployment: Deployment, root: Path) -> dict[str, object]:
    """Return a run as the runner takes it; what Airflow holds for it counts as set."""
    task, told = each.task, each.task.invocation()
    spec = RunSpec(told.arguments, told.environment, {**task.env, **told.env})
    asked = Asked(root, each.folder, "", "", task, spec, deployment)
    values = dict.fromkeys(task.settings.airflow_env, "")
    return {"arguments": list(told.arguments), "environment": local_environment(asked, values)}
