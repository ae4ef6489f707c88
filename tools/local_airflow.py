"""Runs one DAG with `dag.test()`: the Airflow half of `make run`, in a process of its own.

`python -m tools.local_airflow DAG_FILE DAG_ID FULL_REFRESH`; the last line of its output is JSON
under `RESULT_KEY`.
"""

from __future__ import annotations

import json
import logging
import sys
from time import monotonic
from typing import Any

from meltano_pods.collector import seldom_collected
from meltano_pods.names import listed, suggestion

from tools.airflow_log import DAG_FILES, own_words
from tools.stop_listener import StopListener

RESULT_KEY = "local_airflow_result"


def main(dag_file: str, dag_id: str, full_refresh: str) -> int:
    """Run the DAG and print its state, what each task returned, and how long each part took."""
    started = monotonic()
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - takes seconds, and is timed

    # The result contains the errors of the file; the environment silences Airflow's other logger.
    logging.getLogger(DAG_FILES).setLevel(logging.CRITICAL)
    bag = DagBag(dag_file)
    for error in bag.import_errors.values():
        return _print(error=own_words(error))
    dags = bag.dags
    if dag_id not in dags:
        near = suggestion(dag_id, dags)
        return _print(error=f"there is no DAG {dag_id}; there are: {listed(dags)}. {near}".strip())
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


def _print(**result: Any) -> int:  # noqa: ANN401
    sys.stdout.write(json.dumps({RESULT_KEY: result}) + "\n")
    return 0


if __name__ == "__main__":
    with seldom_collected():
        status = main(*sys.argv[1:])
    sys.exit(status)
