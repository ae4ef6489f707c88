"""`meltano-pods run`."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

import click

from meltano_pods.cli.dag_ids import find_dag
from meltano_pods.cli.deployment import read_cluster_deployment, read_deployment
from meltano_pods.cli.options import SuggestingChoice, cluster_options, profile_option
from meltano_pods.cli.output import TABLE, TerminalLog, format_option, show_data
from meltano_pods.cli.projects import find_projects, projects_option
from meltano_pods.cli.run_request import RunRequest
from meltano_pods.errors import DeploymentError, RunError
from meltano_pods.names import describe_counts, list_names, suggest
from meltano_pods.parameters.choices import RunChoices
from meltano_pods.parameters.command import InvocationContext, build_invocation
from meltano_pods.pods.spec.build import RunSpec
from meltano_pods.settings.run import RunOptions
from meltano_pods.settings.types.execution import KUBERNETES, LOCAL
from meltano_pods.settings.types.run_options import LOG_LEVELS, STATE_STRATEGIES
from meltano_pods.tasks.airflow_env import ValuesMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from meltano_pods.cli.cluster import Cluster
    from meltano_pods.cli.projects import Projects
    from meltano_pods.plan import DagPlan, TaskPlan
    from meltano_pods.tasks.deployment import Deployment

_INTERRUPTED = 130
_POD_OPTIONS = ("context", "kubeconfig", "profile", "wait")
"""Options that apply only to pods."""


def _check_streams(
    _context: click.Context, _option: click.Parameter, names: tuple[str, ...]
) -> tuple[str, ...]:
    if not all(name.strip() for name in names):
        raise click.BadParameter(
            "the name of a stream is empty; write it as --select-filter orders"
        )
    return names


@click.command()
@click.argument("dag_id", metavar="DAG", required=False)
@projects_option
@click.option(
    "--task", "task_ids", metavar="TASK", multiple=True, help="Run only this task. Repeatable."
)
@click.option("--local", is_flag=True, help="Run tasks as processes on this machine.")
@click.option(
    "--kubernetes",
    is_flag=True,
    help="Run tasks as pods, as Airflow would start them, in the cluster of `make up` or of "
    "--context.",
)
@profile_option("With --kubernetes: the profile of the deployment that would start the pods.")
@cluster_options(only_with="--kubernetes")
@click.option(
    "--wait",
    is_flag=True,
    help="With --kubernetes: if a pod of the same task is running, wait for its end instead of "
    "failing.",
)
@click.option(
    "--full-refresh", is_flag=True, help="Ignore the saved state and extract all records again."
)
@click.option(
    "--refresh-catalog",
    is_flag=True,
    help="Discover the catalog again instead of using the cached one.",
)
@click.option("--no-state-update", is_flag=True, help="Neither read nor save state.")
@click.option(
    "--state-id-suffix", metavar="SUFFIX", help="Use a separate state: append this to the state id."
)
@click.option(
    "--state-strategy",
    type=SuggestingChoice(STATE_STRATEGIES),
    help="How to combine the new state with the saved one.",
)
@click.option(
    "--select-filter",
    metavar="STREAM",
    multiple=True,
    callback=_check_streams,
    help="Extract only this stream. Repeatable.",
)
@click.option(
    "--log-level",
    type=SuggestingChoice(LOG_LEVELS),
    help="Log level of Meltano and the plugins.",
)
@format_option
def command(
    dag_id: str | None,
    projects: Path | None,
    task_ids: tuple[str, ...],
    form: str,
    **options: Any,  # noqa: ANN401 - the other options, as click has them
) -> int:
    """Run a DAG, or some of its tasks, now. `meltano-pods plan` lists the DAGs.

    The run needs no Airflow but uses the same command, variables, pod and state, so the next
    scheduled run resumes from there. By default, the settings decide whether a task runs as a
    process or a pod. Processes share their state with `make run` and `make airflow`, unless the
    deployment's `local_env` or MELTANO_DATABASE_URI names another system database.

    Pods start only in a cluster that is named: by --context, by the deployment's settings
    (`cluster_context`, `kubeconfig`), or the one of `make up`. The first log line names it.

    Logs go to stderr, results to stdout: one line for each task, or all details as JSON or YAML.
    Tasks downstream of a failed task are skipped. The setting `checks` applies, except
    `schema_change`, which needs Airflow to remember the columns. Ctrl+C stops a run: it loads what
    it has extracted and saves the state that the target confirms.

    Exit codes: 0 if all tasks and their checks succeeded, 1 if not, 130 if the run was interrupted.
    """
    _check_execution_mode(options)
    found = find_projects(projects)
    plan, dag = find_dag(found, dag_id)
    deployment = read_deployment(options["profile"], found.root)
    forced = KUBERNETES if options["kubernetes"] else LOCAL if options["local"] else None
    tasks = [
        (task, forced or deployment.get_execution_mode(task)) for task in _sort_tasks(dag, task_ids)
    ]
    cluster = None
    if any(how == KUBERNETES for _, how in tasks):
        cluster, deployment = _connect_cluster(found, deployment, options)
    else:
        _check_no_pods(options)
    results: list[dict[str, Any]] = []
    failed: set[str] = set()
    for task, how in tasks:
        if failed & set(task.upstream):
            click.echo(f"{task.task_id}: skipped, because an upstream task failed", err=True)
            failed.add(task.task_id)
            continue
        request = RunRequest(
            found.root, found.folder / plan.project, plan.digest, dag.dag_id, task,
            _build_spec(task, options), deployment,
        )  # fmt: skip
        # Airflow's own loggers write to stdout, which is for results.
        with redirect_stdout(sys.stderr):
            result, error = _run(request, cluster if how == KUBERNETES else None, options)
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


def _connect_cluster(
    found: Projects, deployment: Deployment, options: Mapping[str, Any]
) -> tuple[Cluster, Deployment]:
    """Return the cluster for pods, and the deployment that determines them.

    Raises:
        DeploymentError: No cluster is named, or it does not answer.
    """
    # Imported here, because a process needs no Kubernetes client.
    from meltano_pods.cli.cluster import connect  # noqa: PLC0415

    cluster = connect(found.root, deployment.settings, options["context"], options["kubeconfig"])
    return cluster, read_cluster_deployment(cluster, options["profile"], found.root)


def _check_execution_mode(options: Mapping[str, Any]) -> None:
    """Reject options that contradict each other."""
    if not options["local"]:
        return
    for name in ("kubernetes", *_POD_OPTIONS):
        if options[name]:
            raise click.UsageError(
                f"--local cannot be combined with --{name}: it runs the tasks on this machine"
            )


def _check_no_pods(options: Mapping[str, Any]) -> None:
    """Reject options for pods if no task is one."""
    for name in _POD_OPTIONS:
        if options[name]:
            raise click.UsageError(
                f"--{name} applies only to pods, and these tasks run as processes on this machine; "
                "add --kubernetes to run them as pods"
            )


def _sort_tasks(dag: DagPlan, task_ids: Sequence[str]) -> Iterator[TaskPlan]:
    """Yield the selected tasks, each after its upstream tasks."""
    tasks = {task.task_id: task for task in dag.tasks}
    for task_id in task_ids:
        if task_id not in tasks:
            raise DeploymentError(
                f"the DAG has no task `{task_id}`; it has: {list_names(tasks)}",
                dag.dag_id,
                f"{suggest(task_id, tasks)}Name one of these.",
            )
    order = TopologicalSorter({task.task_id: task.upstream for task in dag.tasks})
    for task_id in order.static_order():
        if not task_ids or task_id in task_ids:
            yield tasks[task_id]


def _build_spec(task: TaskPlan, options: Mapping[str, Any]) -> RunSpec:
    """Return what a task runs with the options of the command line.

    Raises:
        ParameterError: A value that is not allowed, or options that do not fit the task.
    """
    chosen = {name: options[name] for name in RunOptions.model_fields if options.get(name)}
    choices = RunChoices(
        options=task.settings.run_options,
        offered=dict.fromkeys(chosen),
        taps=task.taps,
        own_taps=task.taps,
    )
    context = InvocationContext(task.environment, taps=task.taps)
    invocation = build_invocation(task.arguments, choices.apply(chosen).options, context)
    return RunSpec(invocation.arguments, invocation.environment, {**task.env, **invocation.env})


def _run(
    request: RunRequest, cluster: Cluster | None, options: dict[str, Any]
) -> tuple[dict[str, Any], RunError | None]:
    """Run a task, as a pod if there is a cluster; return its result, and its error if it failed."""
    log = TerminalLog()
    # Imported here: a pod needs no runner, and Airflow takes seconds.
    from meltano_pods.cli.run_report import build_run_end, report_run  # noqa: PLC0415

    try:
        if cluster is not None:
            from meltano_pods.cli.run_kubernetes import run_in_cluster  # noqa: PLC0415

            end = run_in_cluster(request, log, cluster, wait=options["wait"])
        else:
            from meltano_pods.cli.run_local import run_local  # noqa: PLC0415

            end = run_local(request, log)
    except ValuesMissingError as error:
        end = build_run_end(request, error.result)
    except RunError as error:
        return {}, error
    return report_run(request, end, log)


def _show(results: list[dict[str, Any]], form: str) -> None:
    if form != TABLE:
        show_data(results, form)
        return
    for each in results:
        counts = describe_counts(each.get("extracted"), each.get("loaded"), "record")
        click.echo(f"{each['task_id']}: {each.get('outcome', 'failed')}, {counts}")
