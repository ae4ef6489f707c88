"""Airflow DAGs from a plan. `airflow_dags` is all that a project's DAG file calls."""

from meltano_pods.dags.factory import airflow_dags
from meltano_pods.dags.maintenance import maintenance_dag
from meltano_pods.dags.tasks import meltano_task

__all__ = ["airflow_dags", "maintenance_dag", "meltano_task"]
