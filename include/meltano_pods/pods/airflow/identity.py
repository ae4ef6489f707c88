"""Which Airflow a pod belongs to: an id that no other Airflow has.

Several Airflow deployments may share a namespace, even with the same DAGs and logical dates. Each
labels its pods with its id, and lists, adopts and deletes only pods with this label.

Unless the setting `deployment` names it, the id is a random one that Airflow itself stores, in a
variable: all schedulers, workers and triggerers of one Airflow share its database and nothing else
that is certain to be theirs alone.
"""

from __future__ import annotations

import time
import uuid

from airflow.sdk import Variable

DEPLOYMENT_ID_VARIABLE = "meltano_pods.deployment_id"
_DESCRIPTION = (
    "Identifies the pods of this Airflow. Created by Meltano Pods; see docs/how-to/kubernetes.md. "
    "Do not change it while pods run: they would have no owner."
)
_SETTLE_SECONDS = 2.0
"""How long two workers that create the variable at once may be apart."""


def read_deployment_id(configured: str) -> str:
    """Return the id of this Airflow; create it if there is none.

    Args:
        configured: The setting `deployment`; empty if it is not set.
    """
    if configured:
        return configured
    stored: str | None = Variable.get(DEPLOYMENT_ID_VARIABLE, default=None)
    if stored:
        return stored
    created = uuid.uuid4().hex[:12]
    Variable.set(DEPLOYMENT_ID_VARIABLE, created, description=_DESCRIPTION)
    # Airflow cannot create a variable only if it does not exist. Another worker may do the same at
    # this moment: the last one wins, and each reads who that was.
    time.sleep(_SETTLE_SECONDS)
    return str(Variable.get(DEPLOYMENT_ID_VARIABLE, default=created))
