# Removes pods that failed more than an hour ago or whose Airflow task has ended.
from meltano_pods.dags import maintenance_dag

maintenance_dag(__file__)

# Speeds up all DAG files: Airflow's DAG processor imports what a DAG file imports from `airflow`
# once, in its own process. Otherwise each parse would import the provider, which takes seconds.
# Remove this file if the Kubernetes provider is not installed.
import airflow.providers.cncf.kubernetes.operators.pod  # noqa: E402, F401
