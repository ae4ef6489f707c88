"""What a person may choose for one run, and its effects.

`form` defines Airflow's trigger form, which also validates requests to the REST API. `choices`
validates the parameters again when the run starts, and overrides the task's settings with them.
`command` creates the command for `meltano-runner`. `interval` has the facts about the DAG run (its
data interval, its backfill). None of them depends on Airflow.
"""

from meltano_pods.parameters.choices import RunChoices
from meltano_pods.parameters.command import Invocation, state_id_of
from meltano_pods.parameters.form import form

__all__ = ["Invocation", "RunChoices", "form", "state_id_of"]
