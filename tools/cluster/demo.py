"""`make demo`: runs one DAG on the cluster with Airflow's REST API and follows it to its end."""

from __future__ import annotations

import json
import re
import sys
import time
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import httpx
from meltano_pods.names import describe_counts, list_names, suggest
from meltano_runner.contract.dbt import DbtResult

from tools.airflow_api import ENDED, AirflowApi, text_of
from tools.airflow_log import OPERATORS, own_words
from tools.cluster.access import airflow_api
from tools.cluster.apps import MELTANO_NAMESPACE
from tools.cluster.errors import ClusterError
from tools.local_check import is_here
from tools.local_run import counts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tools.cluster.settings import Settings
    from tools.cluster.shell import Shell

_LOADED_SECONDS = 60
_KNOWN_SECONDS = 10
_RUN_SECONDS = 3600
_QUIET = frozenset({"debug", "info"})


def demo(settings: Settings, shell: Shell, dag_id: str, *, full_refresh: bool = False) -> bool:
    """Run a DAG, show what it says and what came of it; True if it succeeded.

    Raises:
        ClusterError: There is no cluster, no Airflow that answers, or no such DAG.
    """
    api = airflow_api(settings, shell)
    try:
        _loaded(api, dag_id)
        api.unpause(dag_id)
        run_id = api.trigger(dag_id, full_refresh=full_refresh)
        progress = Progress(api, dag_id, context=settings.context)
        progress.follow(run_id)
        state = api.wait(dag_id, run_id, seconds=_RUN_SECONDS, look=progress.look)
        tasks = progress.tasks()
    except httpx.HTTPError as error:
        raise ClusterError(
            f"Airflow at {settings.airflow_url} does not respond correctly: {error}",
            "Run `make up`, which waits until Airflow is healthy, then run `make demo` again",
        ) from error
    finally:
        api.close()
    for line in report(tasks, settings):
        sys.stdout.write(f"{line}\n")
    return state == "success"


def _loaded(api: AirflowApi, dag_id: str) -> None:
    """Return once Airflow has the DAG: it reads a new image's files a moment after its start."""
    project = dag_id.partition(".")[0]
    began = time.monotonic()
    while api.dag(dag_id) is None:
        there = sorted(each["dag_id"] for each in api.call("GET", "/api/v2/dags")["dags"])
        # All DAGs of a project come from one file, so at one time.
        known = [each for each in there if each.startswith(f"{project}.")]
        wait = _KNOWN_SECONDS if known else _LOADED_SECONDS
        # One that no file here defines comes with no image of here.
        if time.monotonic() - began >= wait or (there and not is_here(dag_id)):
            wrong = api.call("GET", "/api/v2/importErrors")["import_errors"]
            raise ClusterError(
                f"There is no DAG {dag_id}; there are: {list_names(known or there)}",
                f"{suggest(dag_id, there)}Choose one with DAG=, or fix its file and run `make up`",
                "\n".join(
                    f"{each['filename']}: {own_words(each['stack_trace'])}" for each in wrong
                ),
            )
        time.sleep(1)


@dataclass(frozen=True)
class TaskReport:
    """What came of a task.

    Attributes:
        run_id: Id of its DAG run.
        pod: Name of the pod of its last try; None if it has none.
        result: Its result (docs/reference/result.md); empty if it failed.
    """

    run_id: str
    pod: str | None
    result: dict[str, Any]


@dataclass
class Progress:
    """Shows the runs of a DAG as they go on: states, pods and what the tasks log.

    Another run that is under way is followed too, for a DAG has one run at a time: Airflow itself
    starts one for the latest interval of a schedule that was paused until now.

    Attributes:
        api: Airflow.
        dag_id: The DAG.
        out: Where to write.
        context: The kubeconfig's context, for commands in logs: a pod's log does not know it.
    """

    api: AirflowApi
    dag_id: str
    out: Callable[[str], object] = sys.stdout.write
    context: str = ""
    _runs: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _states: dict[tuple[str, str], str] = field(default_factory=dict)
    _logged: dict[tuple[str, str, int], set[str]] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Write one line with the seconds since the start."""
        self.out(f"{time.monotonic() - self._began:6.1f} s  {text}\n")
        sys.stdout.flush()

    def follow(self, run_id: str, origin: str = "") -> None:
        """Show this run, too."""
        self._runs.append(run_id)
        self.say(f"{self.dag_id}: run {run_id}{origin}")

    def look(self) -> None:
        """Show what is new."""
        for run in reversed(self.api.runs(self.dag_id)):
            if run["state"] not in ENDED and run["dag_run_id"] not in self._runs:
                scheduled = run.get("run_type") == "scheduled"
                origin = ", which its schedule started" if scheduled else ""
                self.follow(run["dag_run_id"], origin)
        for run_id in self._runs:
            for task in self.api.tasks(self.dag_id, run_id):
                self._show(run_id, task)

    def _show(self, run_id: str, task: Mapping[str, Any]) -> None:
        name, state, number = task["task_id"], task["state"], int(task["try_number"])
        if state and self._states.get((run_id, name)) != state:
            self._states[run_id, name] = state
            run = f" of {run_id}" if len(self._runs) > 1 else ""
            self.say(f"{name}{run}: {state}")
        if number < 1:
            return
        shown = self._logged.setdefault((run_id, name, number), set())
        # Not by position: while a task runs, Airflow sorts entries that come late before others.
        for entry in self.api.log(self.dag_id, run_id, name, number):
            if (key := json.dumps(entry, sort_keys=True)) not in shown:
                shown.add(key)
                for line in _lines(entry):
                    self.out(f"          {self._add_context(line)}\n")

    def _add_context(self, line: str) -> str:
        option = f"kubectl --context {self.context} "
        return re.sub(r"\bkubectl (?!--context)", option, line) if self.context else line

    def tasks(self) -> list[TaskReport]:
        """Return what came of every task of every run, in the order in which the runs began."""
        begun = dict.fromkeys(run_id for run_id, _, _ in self._logged)
        return [
            TaskReport(run_id, self._xcom(run_id, task, "pod_name"), self._xcom(run_id, task) or {})
            for run_id in dict.fromkeys([*begun, *self._runs])
            for task in self.api.tasks(self.dag_id, run_id)
        ]

    def _xcom(self, run_id: str, task: Mapping[str, Any], key: str = "return_value") -> Any:  # noqa: ANN401 - JSON
        return self.api.result(self.dag_id, run_id, task["task_id"], key)


def _lines(entry: dict[str, Any]) -> Iterator[str]:
    """Return what to show of a log entry: what our operators say, and errors."""
    level = str(entry.get("level", "info"))
    ours = str(entry.get("logger", "")).startswith(OPERATORS)
    if ours or entry.get("error_detail"):
        prefix = "" if level in _QUIET else f"{level.upper()} "
        yield from f"{prefix}{text_of(entry)}".splitlines()


def report(tasks: Sequence[TaskReport], settings: Settings) -> Iterator[str]:
    """Return the lines about what the followed runs of a DAG did."""
    yield ""
    yield counts_of(task.result for task in tasks)
    runs = {run_id: list(own) for run_id, own in groupby(tasks, lambda task: task.run_id)}
    for run_id, own in runs.items():
        if len(runs) > 1:
            yield f"  run {run_id}: {counts_of(task.result for task in own)}"
        for task in own:
            yield from (f"  {line}" for line in _details(task.result))
    kubectl = f"kubectl --context {settings.context} --namespace {MELTANO_NAMESPACE}"
    yield "Pods (a pod that succeeded is deleted, one that failed stays for an hour):"
    yield from (f"  {task.pod}" for task in tasks if task.pod)
    yield "Look closer:"
    yield "  make output"
    yield f"  {kubectl} get events --sort-by=.lastTimestamp"
    failed = (task.pod for task in tasks if task.pod and not task.result)
    yield from (f"  {kubectl} describe pod {pod}" for pod in failed)
    yield f"  {settings.airflow_url}"


def _details(result: dict[str, Any]) -> Iterator[str]:
    """Return a line for each stream, state and dbt command of a task."""
    for pipeline in result.get("pipelines") or ():
        for stream in pipeline.get("streams") or ():
            counts = describe_counts(stream.get("extracted"), stream.get("loaded"))
            bookmark = stream.get("bookmark") or "none"
            yield f"{stream['stream']}: {counts}, bookmark {bookmark}"
        if state_id := pipeline.get("state_id"):
            saved = "saved" if pipeline.get("state_saved") else "as it was"
            yield f"state {state_id}: {saved}"
    for command in result.get("dbt") or ():
        yield DbtResult.from_dict(command).describe()
