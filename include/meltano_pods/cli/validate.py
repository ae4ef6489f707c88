"""`meltano-pods validate`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from meltano_pods.cli.deployment import read_deployment
from meltano_pods.cli.options import profile_option
from meltano_pods.cli.output import (
    TABLE,
    build_error_data,
    format_option,
    show_data,
    show_errors,
    show_warnings,
)
from meltano_pods.cli.project_checks import check_projects
from meltano_pods.cli.projects import find_projects, projects_option
from meltano_pods.cli.variable_checks import find_shadowed_settings, find_unset_output
from meltano_pods.errors import MeltanoPodsError
from meltano_pods.names import pluralize
from meltano_pods.pods.spec.preview import preview_pods

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from meltano_pods.errors import ProjectError
    from meltano_pods.plan import ProjectPlan
    from meltano_pods.tasks.deployment import Deployment
    from meltano_pods.tasks.projects import PlannedProject


@click.command()
@click.argument("names", metavar="[PROJECT]...", nargs=-1)
@projects_option
@format_option
@profile_option("Check pods for a deployment with this profile.")
def command(names: tuple[str, ...], projects: Path | None, form: str, profile: str | None) -> int:
    """Report every error of every project.

    Besides errors in meltano.yml, these are: a project without a DAG file or a DAG file without a
    project; two projects or DAGs with the same DAG id, state or Secret; and pods that the
    deployment cannot start, for example because their template does not exist. It needs neither
    Airflow nor a cluster.

    Warnings are about: patterns of `include_paths` that match no file; keys that Meltano ignores
    although they look like its own; settings of plugins that look misspelled; plugins that runs
    look up on Meltano Hub; DAGs that share a state; variables that shadow a setting in meltano.yml;
    pods without the MELTANO_PODS_OUTPUT that meltano.yml refers to; and tasks that need a Meltano
    environment but have none.

    DAGs that share a state are an error if two of them have a schedule, because their runs can
    overlap. If no system database of Meltano prevents that, one schedule is enough.

    Exit codes: 0 if there is no error, 1 if there is one.
    """
    found = find_projects(projects).only(names)
    checks = check_projects(found)
    errors, warnings = checks.errors, checks.warnings
    plans = [each.plan for each in checks.read]
    try:
        deployment = read_deployment(profile, found.root)
        errors += _find_pod_errors(plans, deployment)
        warnings += _find_variable_warnings(checks.read, deployment)
    except MeltanoPodsError as error:
        errors.append(error)
    if form == TABLE:
        show_warnings(warnings)
        show_errors(errors)
        dags = sum(len(each.dags) + len(each.broken) for each in plans)
        broken = sum(len(each.broken) for each in plans)
        counts = [
            pluralize(len(found.folders), "project"),
            pluralize(dags, "DAG") + (f" ({broken} broken)" if broken else ""),
            pluralize(len(errors), "error"),
            *([pluralize(len(warnings), "warning")] if warnings else []),
        ]
        click.echo(click.style(", ".join(counts), fg="red" if errors else "green"))
    else:
        show_data(
            [
                {"severity": severity, **build_error_data(each)}
                for severity, group in (("error", errors), ("warning", warnings))
                for each in group
            ],
            form,
        )
    return 1 if errors else 0


def _find_variable_warnings(
    projects: Sequence[PlannedProject], deployment: Deployment
) -> Iterator[ProjectError]:
    for each in projects:
        with suppress(MeltanoPodsError):  # an error of the pods, which is reported already
            yield from find_shadowed_settings(each, deployment)
            yield from find_unset_output(each, deployment)


def _find_pod_errors(
    plans: Sequence[ProjectPlan], deployment: Deployment
) -> Iterator[MeltanoPodsError]:
    reported: set[str] = set()
    for each in plans:
        try:
            list(preview_pods(each, deployment))
        except MeltanoPodsError as error:
            # An error of the deployment is the same for all projects.
            if str(error) not in reported:
                reported.add(str(error))
                yield error
