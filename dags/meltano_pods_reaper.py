# Where runs are pods: removes those that failed an hour ago or whose Airflow task is over.
from meltano_pods.dags import maintenance_dag

maintenance_dag(__file__)

# For all DAG files: what one of them names from Airflow, its DAG processor imports once, in its own
# process. Each parse of each file would take seconds for it otherwise. Without the Kubernetes
# provider there are no pods: remove this file.
import airflow.providers.cncf.kubernetes.operators.pod  # noqa: E402, F401
