"""What a task is to Airflow, whichever launcher runs it.

`layout` finds the project, `planned` plans it, `deployment` reads what the deployment says,
`launcher` decides what runs a task, `request` turns what it was asked for into its plan,
`arguments` its settings into those of Airflow's operators, `mapping` spreads one task over tenants,
`relay` brings a run's output into the task's log, `operator` is the base of the two operators,
which are in `process` and `pods`.
"""
