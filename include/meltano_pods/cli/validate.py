"""`meltano-pods validate`."""

from __future__ import annotations

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
from meltano_pods.cli.projects import find_projects, projects_option
from meltano_pods.cli.review import review_projects
from meltano_pods.cli.shadowed import shadowed
from meltano_pods.cli.unset_output import unset_output
from meltano_pods.errors import MeltanoPodsError
from meltano_pods.names import counted
from meltano_pods.pods.spec.preview import preview_pods

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from meltano_pods.errors import ProjectError
    from meltano_pods.plan import ProjectPlan
    from meltano_pods.tasks.deployment import Deployment
    from meltano_pods.tasks.planned import PlannedProject


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
    review = review_projects(found)
    faults, warnings = review.errors, review.warnings
    plans = [each.plan for each in review.read]
    try:
        deployment = deployment_of(profile, found.root)
        faults += _pods(plans, deployment)
        warnings += _variables(review.read, deployment)
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
