"""The DAG that removes the pods nobody needs any more."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from meltano_pods.settings.launchers import KUBERNETES
from meltano_pods.tasks.deployment import read_deployment
from meltano_pods.tasks.layout import airflow_root

DAG_ID = "meltano_pods.reaper"


def maintenance_dag(dag_file: str) -> DAG | None:
    """Make the DAG, where runs are pods; None where they are not.

    Args:
        dag_file: `__file__` of the DAG file.

    Raises:
        DeploymentError: The deployment's configuration is wrong.
    """
    deployment = read_deployment(airflow_root(dag_file))
    if deployment.settings.launcher != KUBERNETES:
        return None
    from meltano_pods.pods.maintenance import ReapPodsOperator  # noqa: PLC0415 - heavy

    dag = DAG(
        DAG_ID,
        schedule=timedelta(minutes=15),
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        description="Removes pods that failed more than an hour ago or whose task is over",
        tags=["meltano-pods"],
    )
    dag.fileloc = dag_file
    with dag:
        ReapPodsOperator(task_id="reap", deployment=deployment, dag_file=dag_file)
    return dag
