"""Notifications of failures and recoveries, by the notifiers of Airflow's own providers.

`recipients` reads who is notified from the settings of the DAG and the deployment; if nobody is, a
parse of a DAG file needs no other module. `callbacks` makes the callbacks of a DAG and its tasks.
Airflow calls the `notifiers`: they `build` a `notification` (a value; `text` formats it), send it
through one of the `channels`, and record it in `incidents`, so that each failure and each recovery
is reported once.
"""

from meltano_pods.notify.callbacks import Callbacks, build_callbacks

__all__ = ["Callbacks", "build_callbacks"]
