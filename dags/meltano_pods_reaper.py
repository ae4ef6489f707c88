# Where runs are pods: removes those that failed an hour ago or whose Airflow task is over.
from meltano_pods.dags import maintenance_dag

maintenance_dag(__file__)
