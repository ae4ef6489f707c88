"""What a task is to Airflow, whichever launcher runs it.

`layout` finds the project, `deployment` reads what the deployment says, `request` turns what a task
was asked for into its plan, `arguments` its settings into those of Airflow's operators, `mapping`
spreads one task over tenants. The operators themselves are in `process` and `pods`.
"""
