"""`meltano-pods run`."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

import click

from meltano_pods.cli.asked import Asked
from meltano_pods.cli.dag_ids import find_dag
from meltano_pods.cli.deployment import deployment_in, deployment_of
from meltano_pods.cli.options import NearChoice, cluster_options, profile_option
from meltano_pods.cli.output import TABLE, format_option, show_data
from meltano_pods.cli.projects import find_projects, projects_option
from meltano_pods.cli.terminal import TerminalLog
from meltano_pods.errors import DeploymentError, RunError
from meltano_pods.names import describe_counts, listed, suggestion
from meltano_pods.parameters.choices import RunChoices
from meltano_pods.parameters.command import InvocationContext, build_invocation
from meltano_pods.pods.spec.build import RunSpec
from meltano_pods.settings.run import RunOptions
from meltano_pods.settings.types.execution import KUBERNETES, LOCAL
from meltano_pods.settings.types.run_options import LOG_LEVELS, STATE_STRATEGIES
from meltano_pods.tasks.airflow_values import ValuesMissingError
from meltano_pods.tasks.execution_mode import get_execution_mode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from meltano_pods.cli.kubernetes import Reached
    from meltano_pods.cli.projects import Projects
    from meltano_pods.plan import DagPlan, TaskPlan
    from meltano_pods.tasks.deployment import Deployment

_INTERRUPTED = 130
_OF_PODS = ("context", "kubeconfig", "profile", "wait")
"""Options that mean nothing without a pod."""


def _check_streams(
    _context: click.Context, _option: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    if not all(name.strip() for name in names):
        raise click.BadParameter("a stream's name is empty; write it as --select-filter orders")
    return names


@click.command()
@click.argument("dag_id", metavar="DAG", required=False)
@projects_option
@click.option(
    "--task", "task_ids", metavar="TASK", multiple=True, help="Only this task; may be repeated."
)
@click.option("--local", is_flag=True, help="As a process on this machine.")
@click.option(
    "--kubernetes",
    is_flag=True,
    help="As the pod that Airflow would start, in the cluster of `make up` or of --context.",
)
@profile_option("The deployment whose pods it shall be like.")
@cluster_options(only_with="--kubernetes")
@click.option(
    "--wait", is_flag=True, help="With --kubernetes: wait for a pod of the same task to end first."
)
@click.option(
    "--full-refresh", is_flag=True, help="Ignore the saved state, move all records again."
)
@click.option("--refresh-catalog", is_flag=True, help="Discover the streams again.")
@click.option("--no-state-update", is_flag=True, help="Neither read nor save the state.")
@click.option("--state-id-suffix", metavar="SUFFIX", help="Keep a state apart from the task's own.")
@click.option(
    "--state-strategy", type=NearChoice(STATE_STRATEGIES), help="How new state joins the saved."
)
@click.option(
    "--select-filter",
    metavar="STREAM",
    multiple=True,
    callback=_check_streams,
    help="Only this stream; may be repeated.",
)
@click.option(
    "--log-level",
    type=NearChoice(LOG_LEVELS),
    help="What Meltano and the plugins log.",
)
@format_option
def command(
    dag_id: str | None,
    projects: Path | None,
    task_ids: tuple[str, ...],
    form: str,
    **options: Any,  # noqa: ANN401 - the other options, as click has them
) -> int:
    """Run the pipeline DAG (`meltano-pods plan` lists them) or tasks of it now.

    It runs without Airflow, and as Airflow would run it: same command, variables, pod and state, so
    the next scheduled run resumes from there. By default, settings and deployment decide how.
    A process on this machine resumes from where `make run` and `make airflow` do, and keeps
    its state there, unless a deployment's `local_env` or MELTANO_DATABASE_URI says otherwise.

    A pod never starts in a cluster that nobody named: it takes the one of --context, of the
    deployment's settings (`cluster_context`, `kubeconfig`), or of `make up`, and says which first.

    Logs go to stderr, results to stdout: a line for each task, or all there is as JSON or YAML.
    Tasks that follow a failed one are left out. What the setting `checks` says is checked, but for
    `schema_change`: Airflow remembers the columns. Ctrl+C stops a run: it loads what it has read
    and saves the state that the target confirms.

    Exit codes: 0 if all tasks succeeded, 1 if not or if a check failed, 130 if it was interrupted.
    """
    _check_execution_mode(options)
    found = find_projects(projects)
    plan, dag = find_dag(found, dag_id)
    deployment = deployment_of(options["profile"], found.root)
    forced = KUBERNETES if options["kubernetes"] else LOCAL if options["local"] else None
    tasks = [
        (task, forced or get_execution_mode(task, deployment)) for task in _in_order(dag, task_ids)
    ]
    cluster = None
    if any(how == KUBERNETES for _, how in tasks):
        cluster, deployment = _cluster(found, deployment, options)
    else:
        _check_no_pods(options)
    results: list[dict[str, Any]] = []
    failed: set[str] = set()
    for task, how in tasks:
        if failed & set(task.upstream):
            click.echo(f"{task.task_id}: left out, a task before it failed", err=True)
            failed.add(task.task_id)
            continue
        asked = Asked(
            found.root, found.folder / plan.project, plan.digest, dag.dag_id, task,
            _spec(task, options), deployment,
        )  # fmt: skip
        # Airflow's own loggers write to stdout, which is for results.
        with redirect_stdout(sys.stderr):
            result, error = _run(asked, cluster if how == KUBERNETES else None, options)
        if error is not None:
            failed.add(task.task_id)
            click.echo(click.style("error: ", fg="red", bold=True) + str(error), err=True)
        results.append({"dag_id": dag.dag_id, "task_id": task.task_id, **result})
        if result.get("outcome") == "stopped":
            break
    _show(results, form)
    if any(each.get("outcome") == "stopped" for each in results):
        return _INTERRUPTED
    return 1 if failed else 0


def _cluster(
    found: Projects, deployment: Deployment, options: Mapping[str, Any]
) -> tuple[Reached, Deployment]:
    """Return the cluster of the pods, and the deployment that says what they are like.

    Raises:
        DeploymentError: Nobody named a cluster, or it does not answer.
    """
    # Here and not above: a process needs no Kubernetes.
    from meltano_pods.cli.kubernetes import reach  # noqa: PLC0415

    cluster = reach(found.root, deployment.settings, options["context"], options["kubeconfig"])
    return cluster, deployment_in(cluster, options["profile"], found.root)


def _check_execution_mode(options: Mapping[str, Any]) -> None:
    """Reject options that contradict each other."""
    if not options["local"]:
        return
    for name in ("kubernetes", *_OF_PODS):
        if options[name]:
            raise click.UsageError(
                f"--local cannot be combined with --{name}: it runs the tasks on this machine"
            )


def _check_no_pods(options: Mapping[str, Any]) -> None:
    """Reject options about pods where nothing is one."""
    for name in _OF_PODS:
        if options[name]:
            raise click.UsageError(
                f"--{name} is about a cluster, and these tasks run as processes on this machine; "
                "add --kubernetes to run them as pods"
            )


def _in_order(dag: DagPlan, task_ids: Sequence[str]) -> Iterator[TaskPlan]:
    """Yield the tasks that are meant, each after those that it follows."""
    tasks = {task.task_id: task for task in dag.tasks}
    for task_id in task_ids:
        if task_id not in tasks:
            raise DeploymentError(
                f"the DAG has no task `{task_id}`; it has: {listed(tasks)}",
                dag.dag_id,
                f"{suggestion(task_id, tasks)}Name one of these.",
            )
    order = TopologicalSorter({task.task_id: task.upstream for task in dag.tasks})
    for task_id in order.static_order():
        if not task_ids or task_id in task_ids:
            yield tasks[task_id]


def _spec(task: TaskPlan, options: Mapping[str, Any]) -> RunSpec:
    """Return what a task runs, with what the command line says of the run.

    Raises:
        ParameterError: A value that is not allowed, or options that this task cannot run with.
    """
    given = {name: options[name] for name in RunOptions.model_fields if options.get(name)}
    choices = RunChoices(
        options=task.settings.run_options,
        offered=dict.fromkeys(given),
        taps=task.taps,
        own_taps=task.taps,
    )
    at = InvocationContext(task.environment, taps=task.taps)
    told = build_invocation(task.arguments, choices.apply(given).options, at)
    return RunSpec(told.arguments, told.environment, {**task.env, **told.env})


def _run(
    asked: Asked, cluster: Reached | None, options: dict[str, Any]
) -> tuple[dict[str, Any], RunError | None]:
    """Run a task, as a pod of a cluster or here; return its result, and its error if it failed."""
    log = TerminalLog()
    # Each here and not above: a pod needs no runner, and Airflow takes seconds.
    from meltano_pods.cli.report import end_run, report_run  # noqa: PLC0415

    try:
        if cluster is not None:
            from meltano_pods.cli.run_kubernetes import run_in_cluster  # noqa: PLC0415

            end = run_in_cluster(asked, log, cluster, wait=options["wait"])
        else:
            from meltano_pods.cli.run_local import run_local  # noqa: PLC0415

            end = run_local(asked, log)
    except ValuesMissingError as error:
        end = end_run(asked, error.result)
    except RunError as error:
        return {}, error
    return report_run(asked, end, log)


def _show(results: list[dict[str, Any]], form: str) -> None:
    if form != TABLE:
        show_data(results, form)
        return
    for each in results:
        counts = describe_counts(each.get("extracted"), each.get("loaded"), "record")
        click.echo(f"{each['task_id']}: {each.get('outcome', 'failed')}, {counts}")
