from meltano_pods import airflow_dags

airflow_dags(__file__)
