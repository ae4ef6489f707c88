"""Notices of failures and recoveries, by the notifiers of Airflow's own providers.

`recipients` says who wants to be told, by the settings of the DAG and of the deployment, and is all
that a parse of a DAG file needs where nobody does; `callbacks` is what hangs on a DAG and its
tasks. In a worker, `notifiers` are what Airflow calls: they `build` a `notice` (a value; `text`
puts it into words), send it by the module of each way (`by_email`, `by_slack`, `by_webhook`), and
keep in `memory` what was told, so that nothing is told twice and the end of a failure once.
"""

from meltano_pods.notify.callbacks import Callbacks, callbacks_of

__all__ = ["Callbacks", "callbacks_of"]
