"""What a person may choose for one run, and what becomes of it.

`form` is what Airflow asks in its trigger form and checks in its REST API; `choices` checks it once
more where the run starts, and lays it over the task's settings; `command` turns the outcome into
what `meltano-runner` is told; `interval` is what a run knows of its DAG run (its data interval, its
backfill). None of them knows Airflow.
"""

from meltano_pods.parameters.choices import RunChoices
from meltano_pods.parameters.command import Invocation, state_id_of
from meltano_pods.parameters.form import form

__all__ = ["Invocation", "RunChoices", "form", "state_id_of"]
