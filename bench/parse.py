"""What parsing a project costs, beside `meltano schedule list` and beside Airflow's own part."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.timing import Pair, in_turn, on_the_processor, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow.sdk import DAG
    from meltano_pods.plan import ProjectPlan

MELTANO = Path(__file__).parents[1] / ".venv-meltano" / "bin" / "meltano"
PROJECTS = 200

# Five schedules of nine tasks; settings at every level.
PROJECT = """\
project_id: bench
default_environment: dev
environments:
- name: dev
- {name: prod, annotations: {meltano_pods: {retries: 4}}}
annotations: {meltano_pods: {owner: data, tags: [a, b]}}
plugins:
  extractors:
  - name: tap-a
    namespace: tap_a
    executable: tap-a
    config: {start_date: '2026-01-01', page_size: 100}
    annotations: {meltano_pods: {resources: {requests: {cpu: 100m, memory: 256Mi}}}}
  - {name: tap-b, inherit_from: tap-a}
  loaders:
  - {name: target-c, namespace: target_c, executable: target-c}
  utilities:
  - {name: dbt, namespace: dbt, executable: dbt, commands: {run: run}}
jobs:
- {name: one, tasks: [tap-a target-c, tap-b target-c, 'dbt:run']}
- {name: two, tasks: [tap-b target-c, 'dbt:run']}
schedules:
- {name: s1, interval: '@daily', job: one}
- {name: s2, interval: '@hourly', job: two}
- name: s3
  interval: 0 3 * * *
  job: two
  env: {A: b}
  annotations: {meltano_pods: {retries: 3, env: {X: y}}}
- {name: s4, interval: '@daily', extractor: tap-a, loader: target-c, transform: skip}
- {name: s5, interval: '@daily', extractor: tap-b, loader: target-c, transform: skip}
"""
DAG_FILE = "from meltano_pods import airflow_dags\n\nairflow_dags(__file__)\n"
READ = "from meltano_pods.project import read_project; from meltano_pods.plan import plan"
PLAN = f"import pathlib; {READ}; print(len(plan(read_project(pathlib.Path('.'))).dags))"
# What Airflow's DAG processor imports in its own process when a DAG file names it.
POD = "airflow.providers.cncf.kubernetes.operators.pod"


def main(runs: int = 8) -> None:
    """Print all figures, in seconds on the processor."""
    with tempfile.TemporaryDirectory() as work:
        root = Path(work)
        os.environ["AIRFLOW_HOME"] = str(root / "airflow")
        os.environ.pop("MELTANO_ENVIRONMENT", None)
        files = write_projects(root)
        _reading(root, files)
        _beside_meltano(root / "meltano" / "p0", runs)
        _beside_airflow(files[0], runs)
        _of_pods(files[0], runs)


def write_projects(root: Path, number: int = PROJECTS) -> list[Path]:
    """Write projects with a DAG file each, and return the DAG files."""
    (root / "dags").mkdir()
    files = [root / "dags" / f"p{index}.py" for index in range(number)]
    for file in files:
        file.write_text(DAG_FILE)
        (root / "meltano" / file.stem).mkdir(parents=True)
        (root / "meltano" / file.stem / "meltano.yml").write_text(PROJECT)
    templates = root / "k8s" / "pod_templates"
    templates.mkdir(parents=True)
    (templates / "default.yaml").write_text("")
    return files


def _plan(folder: Path) -> ProjectPlan:
    from meltano_pods.plan import plan  # noqa: PLC0415 - after AIRFLOW_HOME is set
    from meltano_pods.project import read_project  # noqa: PLC0415

    return plan(read_project(folder))


def _reading(root: Path, files: list[Path]) -> None:
    _plan(root / "meltano" / "p0")  # imports
    each = [_seconds(partial(_plan, root / "meltano" / file.stem)) for file in files]
    print(f"reading and planning {PROJECTS} projects of five schedules, imports done:")
    print(f"  {sum(each):.3f} s, the slowest {max(each):.4f} s")


def _beside_meltano(folder: Path, runs: int) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    pair = in_turn(
        lambda: quiet([sys.executable, "-c", PLAN], folder, environment),
        lambda: quiet([str(MELTANO), "schedule", "list", "--format", "json"], folder, environment),
        runs,
        on_the_processor,
    )
    print("a process that reads and plans a project beside `meltano schedule list` for it:")
    print(f"  {pair}")


def _beside_airflow(file: Path, runs: int) -> None:
    from airflow.serialization.serialized_objects import DagSerialization  # noqa: PLC0415
    from meltano_pods import airflow_dags  # noqa: PLC0415

    def serialized(make: Callable[[], Iterator[DAG] | list[DAG]]) -> None:
        for dag in make():
            DagSerialization.serialize_dag(dag)

    planned = _plan(file.parents[1] / "meltano" / file.stem)
    params = {
        dag_id: {name: dag.params.get_param(name) for name in dag.params}
        for dag_id, dag in airflow_dags(str(file)).items()
    }
    pair = in_turn(
        lambda: serialized(lambda: list(airflow_dags(str(file)).values())),
        lambda: serialized(lambda: list(_by_hand(planned, params))),
        runs * 4,
        on_the_processor,
    )
    print("DAGs of five schedules, made and serialised, beside the same of plain operators:")
    print(f"  {pair}")

    def in_a_worker() -> None:
        os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"] = "p0.s1"
        airflow_dags(str(file))
        del os.environ["_AIRFLOW_PARSING_CONTEXT_DAG_ID"]

    pair = in_turn(
        in_a_worker, lambda: _ignore(airflow_dags(str(file))), runs * 4, on_the_processor
    )
    print("the one DAG that a worker needs beside all five:")
    print(f"  {pair}")


def _by_hand(planned: ProjectPlan, params: dict[str, dict[str, Any]]) -> Iterator[DAG]:
    """Make the DAGs of a plan as one writes them, of operators that do nothing."""
    from airflow.sdk import DAG, BaseOperator, chain  # noqa: PLC0415

    for each in planned.dags:
        with DAG(
            each.dag_id,
            schedule=each.schedule,
            description=each.description,
            doc_md=each.doc,
            tags=list(each.tags),
            max_active_runs=1,
            params=params[each.dag_id],
        ) as dag:
            delay = timedelta(minutes=5)
            chain(
                *[
                    BaseOperator(task_id=task.task_id, retries=2, retry_delay=delay)
                    for task in each.tasks
                ]
            )
        yield dag


def _of_pods(file: Path, runs: int) -> None:
    """Time children of this process, as the DAG processor's are, before and after it has `POD`."""
    for name in ("airflow.sdk", "airflow.dag_processing.dagbag"):
        __import__(name)
    pods = {"AIRFLOW__MELTANO_PODS__EXECUTION_MODE": "kubernetes"}
    before = [_seconds(lambda: _in_a_child(file, pods)) for _ in range(runs)]
    __import__(POD)
    after = [_seconds(lambda: _in_a_child(file, pods)) for _ in range(runs)]
    print(f"parsing a file of pods where the DAG processor has {POD}, and where not:")
    print(f"  {Pair(tuple(after), tuple(before))}")


def _in_a_child(file: Path, environment: dict[str, str]) -> None:
    if pid := os.fork():
        _, status = os.waitpid(pid, 0)
        if status:
            raise RuntimeError(f"the child ended with {status}")
        return
    code = 1
    with contextlib.suppress(BaseException):
        os.environ.update(environment)
        from meltano_pods import airflow_dags  # noqa: PLC0415

        airflow_dags(str(file))
        code = 0
    os._exit(code)


def _seconds(action: Callable[[], object]) -> float:
    began = on_the_processor()
    action()
    return on_the_processor() - began


def _ignore(_: object) -> None:
    """Take what an action returns."""


if __name__ == "__main__":
    main()
