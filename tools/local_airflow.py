"""Runs one DAG with `dag.test()`: the Airflow half of `make run`, in a process of its own.

`python -m tools.local_airflow DAG_ID FULL_REFRESH DAG_FILE...`; the last line of its output is JSON
under `RESULT_KEY`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn

from meltano_pods.gc_tuning import seldom_collected
from meltano_pods.names import list_names, suggest

from tools.airflow_log import DAG_FILES, own_words
from tools.stop_listener import StopListener

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.dag_processing.dagbag import DagBag

RESULT_KEY = "local_airflow_result"


def main(dag_id: str, full_refresh: str, *dag_files: str) -> int:
    """Run the DAG and print its state, what each task returned, and how long each part took.

    Args:
        dag_id: Its id.
        full_refresh: `true` or `false`.
        dag_files: The files that may define it. The first that does becomes Airflow's DAG folder.
    """
    started = monotonic()
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - takes seconds, is timed

    # The result contains the errors of the file; the environment silences Airflow's other logger.
    logging.getLogger(DAG_FILES).setLevel(logging.CRITICAL)
    bags = [DagBag(each) for each in dag_files]
    at = next((at for at, bag in enumerate(bags) if dag_id in bag.dags), None)
    if at is None:
        return _print(error=_describe_missing(dag_id, bags))
    if at > 0:
        _start_again(dag_id, full_refresh, dag_files[at])
    dags = bags[at].dags
    for task in dags[dag_id].tasks:
        task.retries = 0  # the user wants to see the failure immediately
    loaded = monotonic()
    StopListener().install()
    run = dags[dag_id].test(run_conf={"full_refresh": full_refresh == "true"})
    results = [
        value
        for instance in run.get_task_instances()
        if isinstance(
            value := instance.xcom_pull(
                task_ids=instance.task_id,
                map_indexes=instance.map_index if instance.map_index >= 0 else None,
            ),
            dict,
        )
    ]
    return _print(
        state=str(run.state),
        results=results,
        seconds={"loading Airflow and the DAG": loaded - started, dag_id: monotonic() - loaded},
    )


def _describe_missing(dag_id: str, bags: Sequence[DagBag]) -> str:
    """Say why no file defines the DAG: one cannot be imported, or they define others."""
    errors = [own_words(error) for bag in bags for error in bag.import_errors.values()]
    known = [each for bag in bags for each in bag.dags]
    if errors and not known:
        return "\n".join(errors)
    files = list_names(os.path.relpath(each) for bag in bags for each in [bag.dag_folder])
    near = suggest(dag_id, known)
    text = f"there is no DAG {dag_id}; {files} define: {list_names(known)}. {near}".strip()
    return "\n".join([text, *errors])


def _start_again(*arguments: str) -> NoReturn:
    """Become this program for one DAG file: Airflow reads its DAG folder when it is imported."""
    environment = {**os.environ, "AIRFLOW__CORE__DAGS_FOLDER": arguments[-1]}
    command = [sys.executable, "-m", "tools.local_airflow", *arguments]
    os.execve(sys.executable, command, environment)  # noqa: S606 - no shell is meant


def _print(**result: Any) -> int:  # noqa: ANN401
    sys.stdout.write(json.dumps({RESULT_KEY: result}) + "\n")
    return 0


if __name__ == "__main__":
    with seldom_collected():
        status = main(*sys.argv[1:])
    sys.exit(status)
