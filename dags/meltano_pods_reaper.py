# Where runs are pods: removes those that failed an hour ago or whose Airflow task is over.
# The first import is for all DAG files: Airflow's DAG processor imports what one of them names from
# Airflow once, in its own process. Each parse of each file would take seconds for it otherwise.
import airflow.providers.cncf.kubernetes.operators.pod  # noqa: F401
from meltano_pods.dags import maintenance_dag

maintenance_dag(__file__)
