"""What a task is to Airflow, whatever its execution mode.

`layout` finds the project, `planned` plans it, `deployment` reads what the deployment says,
`execution_mode` decides how a task is executed, `request` turns a task's arguments into its plan,
`arguments` its settings into those of Airflow's operators, `mapping` spreads one task over tenants,
`relay` brings a run's output into the task's log, `operator` is the base of the two operators,
which are in `local` and `pods`.
"""
