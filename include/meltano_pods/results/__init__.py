"""Handles the end of a run, in every execution mode.

`task_report` builds the record of the run, with its `checks` and `datasets`, and passes it to the
`sinks`: log, label, XComs and asset events. A DAG file needs only what is imported here.
"""

from meltano_pods.results.datasets import declare_assets
from meltano_pods.results.options import LABEL_TEMPLATE, Reporting, build_reporting
from meltano_pods.results.uris import Uris

__all__ = ["LABEL_TEMPLATE", "Reporting", "Uris", "build_reporting", "declare_assets"]
