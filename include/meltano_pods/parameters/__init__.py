"""The parameters of a run, and how they change it.

`form` defines Airflow's trigger form and the checks of its REST API. `choices` validates the
parameters again when the run starts, and applies them to the task's settings. `command` turns the
result into the arguments of `meltano-runner`. `interval` describes the DAG run of a run (its data
interval, its backfill). None of them imports Airflow.
"""
