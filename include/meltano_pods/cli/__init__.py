"""The command line `meltano-pods`.

`main` finds and starts the commands, a module each, which are imported only when they are called.
`projects` finds the Meltano projects, `deployment` what the deployment says without Airflow, and
`output` is how commands speak: answers to stdout, all else to stderr.
"""
