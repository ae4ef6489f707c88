"""Execution mode `local`: a run as a subprocess of the Airflow task.

The same runner and contract as in a pod, for a laptop without Docker, `astro dev` without a
cluster, and small collections of pipelines in one container. `operator` is the Airflow task, `run`
one run from start to result, `runner` finds the command, `environment` builds its variables,
`child` starts, reads and ends the process, and `guard` is the small program between the two that
outlives a killed task.
"""

from meltano_pods.local.operator import MeltanoLocalOperator

__all__ = ["MeltanoLocalOperator"]
