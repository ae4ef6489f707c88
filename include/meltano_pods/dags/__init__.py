"""Creates Airflow DAGs from a plan. A project's DAG file only calls `airflow_dags`."""

from meltano_pods.dags.factory import airflow_dags
from meltano_pods.dags.maintenance import maintenance_dag
from meltano_pods.dags.tasks import meltano_task

__all__ = ["airflow_dags", "maintenance_dag", "meltano_task"]
