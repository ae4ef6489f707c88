"""`meltano-pods validate`."""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from meltano_pods.cli.deployment import deployment_of
from meltano_pods.cli.options import profile_option
from meltano_pods.cli.output import (
    TABLE,
    fault_data,
    format_option,
    show_data,
    show_faults,
    show_warnings,
)
from meltano_pods.cli.projects import (
    find_projects,
    misnamed_error,
    misnamed_files,
    planned_projects,
    projects_option,
)
from meltano_pods.cli.shadowed import shadowed
from meltano_pods.cli.unset_output import unset_output
from meltano_pods.errors import DeploymentError, MeltanoPodsError
from meltano_pods.names import counted, listed, suggestion
from meltano_pods.plan.environment import without_environment
from meltano_pods.pods.spec.naming import build_secret_name
from meltano_pods.pods.spec.preview import preview_pods
from meltano_pods.project.config_keys import misspelled_settings
from meltano_pods.project.definitions import undefined
from meltano_pods.project.naming import is_project_name
from meltano_pods.project.transforms import transform_warnings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from meltano_pods.cli.projects import Projects
    from meltano_pods.errors import ProjectError
    from meltano_pods.plan import ProjectPlan
    from meltano_pods.tasks.deployment import Deployment
    from meltano_pods.tasks.planned import PlannedProject

_CALL = "airflow_dags"


@click.command()
@click.argument("names", metavar="[PROJECT]...", nargs=-1)
@projects_option
@format_option
@profile_option("Hold pods to a deployment of this profile.")
def command(names: tuple[str, ...], projects: Path | None, form: str, profile: str | None) -> int:
    """Report every error of every project; exit with 1 if there is any.

    Beside what each meltano.yml says: projects without a DAG file and DAG files without a project,
    DAG ids, states and Secrets that two share, and pods that the deployment cannot start (no such
    template, a value that is not allowed). It needs neither Airflow nor a cluster.

    It warns of keys that Meltano does not read though they seem to be meant for it, of settings of
    plugins that seem to be misspelled, of plugins that runs look up on Meltano Hub, of DAGs that
    share a state where at most one of them has a schedule, of variables that hide what a
    meltano.yml says, of pods without the MELTANO_PODS_OUTPUT that it refers to, and of tasks that
    need a Meltano environment and have none. Warnings alone exit with 0.

    DAGs that share a state are an error where two of them have a schedule, for then their runs can
    meet; where no system database of Meltano keeps their runs apart, also where one has.
    """
    found = find_projects(projects).only(names)
    read, faults = planned_projects(found.folders)
    plans = [each.plan for each in read]
    misnamed = misnamed_files(found.folder)
    faults += [misnamed_error(each) for each in misnamed]
    faults += [*_files(found, {each.parent.name for each in misnamed}), *_names(found)]
    warnings: list[MeltanoPodsError] = [each for plan in plans for each in plan.warnings]
    for each in read:
        warnings += [
            *undefined(each.project),
            *transform_warnings(each.project),
            *misspelled_settings(each.project, each.settings),
            *without_environment(each.plan),
        ]
    try:
        deployment = deployment_of(profile, found.root)
        faults += _pods(plans, deployment)
        warnings += _variables(read, deployment)
    except MeltanoPodsError as error:
        faults.append(error)
    if form == TABLE:
        show_warnings(warnings)
        show_faults(faults)
        dags = sum(len(each.dags) + len(each.broken) for each in plans)
        broken = sum(len(each.broken) for each in plans)
        counts = [
            counted(len(found.folders), "project"),
            counted(dags, "DAG") + (f" ({broken} broken)" if broken else ""),
            counted(len(faults), "error"),
            *([counted(len(warnings), "warning")] if warnings else []),
        ]
        click.echo(click.style(", ".join(counts), fg="red" if faults else "green"))
    else:
        show_data(
            [
                {"severity": severity, **fault_data(each)}
                for severity, several in (("error", faults), ("warning", warnings))
                for each in several
            ],
            form,
        )
    return 1 if faults else 0


def _files(found: Projects, misnamed: Collection[str]) -> Iterator[DeploymentError]:
    """Compare projects with the DAG files that stand for them.

    Args:
        found: The projects.
        misnamed: Names of folders whose `meltano.yml` has another name, which is an error already.
    """
    dags = found.places.dags
    if not dags.is_dir():
        return
    named = {file.stem: file for file in sorted(dags.rglob("*.py")) if _names_project(file)}
    for folder in found.folders:
        # A folder that has to be renamed is an error already, and takes its DAG file's name along.
        if folder.name not in named and is_project_name(folder.name):
            yield DeploymentError(
                f"the project {folder.name} has no DAG file, so Airflow has none of its DAGs",
                str(dags / f"{folder.name}.py"),
                f"Write the two lines: `from meltano_pods import {_CALL}` and `{_CALL}(__file__)`.",
            )
    there = [folder.name for folder in found.folder.iterdir() if (folder / "meltano.yml").is_file()]
    for name, file in named.items():
        if name not in there and name not in misnamed:
            yield DeploymentError(
                f"the DAG file names the project {name}, which is not there; there are: "
                f"{listed(there)}",
                str(file),
                f"{suggestion(name, there)}Rename or remove the file.",
            )


def _names(found: Projects) -> Iterator[DeploymentError]:
    """Compare projects by the name that Kubernetes has for what belongs to each."""
    first: dict[str, str] = {}
    for folder in found.folders:
        secret = build_secret_name(folder.name)
        other = first.setdefault(secret, folder.name)
        if other != folder.name:
            yield DeploymentError(
                f"the projects {other} and {folder.name} have one name in Kubernetes: they share "
                f"the Secret {secret}, and with it the database of their state",
                str(folder),
                "Rename one of them, with its DAG file.",
            )


def _names_project(file: Path) -> bool:
    """Whether a DAG file is that of a project: it calls `airflow_dags`."""
    try:
        parsed = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return False  # Airflow says what is wrong with it
    calls = (node.func for node in ast.walk(parsed) if isinstance(node, ast.Call))
    return any(
        (isinstance(call, ast.Name) and call.id == _CALL)
        or (isinstance(call, ast.Attribute) and call.attr == _CALL)
        for call in calls
    )


def _variables(
    projects: Sequence[PlannedProject], deployment: Deployment
) -> Iterator[ProjectError]:
    for each in projects:
        with suppress(MeltanoPodsError):  # an error of the pods, which is named already
            yield from shadowed(each, deployment)
            yield from unset_output(each, deployment)


def _pods(plans: Sequence[ProjectPlan], deployment: Deployment) -> Iterator[MeltanoPodsError]:
    said: set[str] = set()
    for each in plans:
        try:
            list(preview_pods(each, deployment))
        except MeltanoPodsError as error:
            # What the deployment lacks, all projects miss.
            if str(error) not in said:
                said.add(str(error))
                yield error
