"""What `make run` and `make airflow` check before they install or start anything.

Each check is cheap, and none changes anything.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from meltano_pods.cli.dag_files import find_custom_dag_files, may_define_dag
from meltano_pods.cli.dag_ids import find_dag
from meltano_pods.cli.projects import find_projects
from meltano_pods.cli.variable_checks import find_shadowed_settings
from meltano_pods.errors import MeltanoPodsError, ProjectError
from meltano_pods.names import find_nearest, list_names
from meltano_pods.plan.environments import find_missing_environments
from meltano_pods.project.files import find_project_folders
from meltano_pods.project.misspelled_keys import find_misspelled_settings
from meltano_pods.settings.deployment.read import get_variable_name, parse_deployment
from meltano_pods.settings.deployment.values import PROJECT
from meltano_pods.tasks.deployment import build_deployment
from meltano_pods.tasks.projects import load_project, plan_project
from meltano_runner.run import variables
from meltano_runner.run.command import parse_arguments
from meltano_runner.run.definitions import Definitions
from meltano_runner.run.secrets import read_dotenv

from tools import warehouse
from tools.local_places import ROOT, build_state_path, local_env

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from meltano_pods.plan import TaskPlan
    from meltano_pods.project import Project
    from meltano_pods.tasks.projects import PlannedProject


_DATABASE = "MELTANO_DATABASE_URI"


class LocalCheckError(Exception):
    """Something that keeps it from running, for the user to read without a traceback."""


class CheckedDag(NamedTuple):
    """A DAG that can run here.

    Attributes:
        plugins: Names of the plugins that it needs, by project; none stands for all of a project.
        warnings: What the user should know.
        files: The DAG files, one of which defines it.
    """

    plugins: dict[str, list[str]]
    warnings: list[str]
    files: list[Path]


def check_dag(dag_id: str) -> CheckedDag:
    """Check that a DAG can run here.

    Raises:
        LocalCheckError: It cannot.
    """
    name = dag_id.partition(".")[0]
    folders = {each.name: each for each in find_project_folders(ROOT / "meltano")}
    try:
        _, dag = find_dag(find_projects(ROOT / "meltano"), dag_id)
    except MeltanoPodsError as error:
        if (custom := _find_custom(dag_id, folders, error)) is not None:
            return custom
        raise LocalCheckError(str(error)) from error
    folder = folders[name]
    if not (ROOT / "dags" / f"{folder.name}.py").exists():
        raise LocalCheckError(
            f"the project {folder.name} has no DAG file: `cp dags/csv_to_json.py "
            f"dags/{folder.name}.py`"
        )
    environ = {
        name: value.replace(PROJECT, folder.name)
        for name, value in json.loads(local_env(os.environ)).items()
    } | dict(os.environ)
    if warehouse.needed(folder, os.environ):
        try:
            warehouse.programs()
        except warehouse.WarehouseError as error:
            raise LocalCheckError(str(error)) from error
        environ |= dict.fromkeys(warehouse.VARIABLES, "")  # which the run will have
    for task in dag.tasks:
        _check_variables(folder, task, environ)
    read = load_project(folder)
    plugins = sorted({name for task in dag.tasks for name in _plugins_of(read.project, task)})
    files = [ROOT / "dags" / f"{folder.name}.py"]
    return CheckedDag({folder.name: plugins}, list(_warnings(read)), files)


def is_here(dag_id: str) -> bool:
    """Whether the files here may define a DAG."""
    try:
        find_dag(find_projects(ROOT / "meltano"), dag_id)
    except ProjectError:
        return True  # it is broken
    except MeltanoPodsError as error:
        return _find_custom(dag_id, {}, error) is not None
    return True


def _find_custom(
    dag_id: str, folders: Mapping[str, Path], error: MeltanoPodsError
) -> CheckedDag | None:
    """Return a DAG that is not a project's: Airflow alone can read it.

    Args:
        dag_id: Its id.
        folders: The projects' folders.
        error: Why no project has it.
    """
    files = find_custom_dag_files(ROOT / "dags", dag_id)
    named = bool(files) and may_define_dag(files[0], dag_id)
    of_project = dag_id.partition(".")[0] in folders
    if not files or (not named and (of_project or "Did you mean" in error.fix)):
        return None
    # The projects that it runs are named there.
    words = {word for each in files for word in re.findall(r"[\w-]+", each.read_text("utf-8"))}
    return CheckedDag({name: [] for name in folders if name in words}, [], files)


def reject_project(name: str) -> str:
    """Return why `PROJECT=` names no DAG, and what does."""
    dag_ids = [
        dag_id
        for folder in find_project_folders(ROOT / "meltano")
        if folder.name == name
        for dag_id in plan_project(folder).list_dag_ids()
    ]
    example = dag_ids[0] if dag_ids else "store.customers"
    others = f"; the DAGs of {name} are: {list_names(dag_ids)}" if len(dag_ids) > 1 else ""
    return (
        f"unknown variable `PROJECT`; expected one of: DAG, FULL_REFRESH{others}\n"
        f"  fix: make run DAG={example}"
    )


def _plugins_of(project: Project, task: TaskPlan) -> Iterator[str]:
    """Yield the names of the plugins that a task's run starts."""
    yield from (name for pair in task.pipelines for name in pair)
    yield from task.utilities
    for block in parse_arguments(list(task.build_invocation().arguments)[1:]).blocks:
        if (plugin := project.find_plugin(block)) is not None:  # a mapping's is its mapper
            yield plugin.name


def _check_variables(folder: Path, task: TaskPlan, environ: Mapping[str, str]) -> None:
    """Check as the runner does before a run that all variables that it refers to are set."""
    definitions = Definitions(folder, task.environment)
    known = {**read_dotenv(folder / ".env"), **environ, **task.env}
    request = parse_arguments(list(task.build_invocation().arguments)[1:])
    try:
        variables.check_variables(definitions, request.blocks, known)
    except variables.MissingVariableError as error:
        file = folder / ".env"
        names = list(dict.fromkeys(each.variable for each in error.missing))
        lines = " and ".join(f"`{name}=...`" for name in names)
        near = {name: find_nearest(name, read_dotenv(file)) for name in names}
        meant = "".join(
            f" Is the variable {other} there meant to be {name}?"
            for name, other in near.items()
            if other
        )
        raise LocalCheckError(
            f"{error}\n  fix: Add {lines} to {file.relative_to(ROOT)}, each as a line, or export "
            f"{' and '.join(names)}.{meant}"
        ) from error


def check_projects() -> tuple[list[str], list[str]]:
    """Return the names of the projects that can be read, and all errors of all projects."""
    good: list[str] = []
    errors: list[str] = []
    for folder in find_project_folders(ROOT / "meltano"):
        try:
            found = plan_project(folder).errors
        except MeltanoPodsError as error:
            errors.append(str(error))
        else:
            good.append(folder.name)
            errors += map(str, found)
    return good, errors


def _warnings(read: PlannedProject) -> Iterator[str]:
    """Yield what a run on this machine makes of the project that its files do not say."""
    yield from (str(each) for each in find_misspelled_settings(read.project, read.settings))
    name = get_variable_name("local_env")
    exported = parse_deployment({"local_env": os.environ[name]} if name in os.environ else {})
    with suppress(MeltanoPodsError):
        for each in find_shadowed_settings(read, build_deployment(ROOT, exported), os.environ):
            yield f"{each.what}\n  where: {each.where}"
        for setting in read.settings.find_meltano_settings():
            if _DATABASE in setting.variables and _DATABASE not in os.environ:
                kept = build_state_path(read.project.name).name
                yield (
                    f"runs on this machine keep the state in .run/{kept}, "
                    f"whatever `{setting.name}` says; export {_DATABASE} to keep it elsewhere\n"
                    f"  where: {setting.where}"
                )
    yield from (str(each) for each in find_missing_environments(read.plan))
