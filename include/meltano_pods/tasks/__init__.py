"""What all Airflow tasks share, whatever their execution mode.

`projects` finds and plans a DAG file's project, by the rule in `folders`. `deployment` reads the
deployment's settings. `planned_task` plans a task from an operator's arguments, `arguments` builds
those of Airflow's operators, `operator` is the base of the two operators, which are in `local` and
`pods`, and `mapping` maps a task over tenants. `airflow_env` reads connections and variables,
`relay` writes a run's output to the task's log.
"""
