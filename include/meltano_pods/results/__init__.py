"""What is done with a run's result: lines in the log, checks, XComs, asset events.

For every execution mode: an operator hands over the result, and returns or raises what comes back
(report.py, which only a worker imports).
"""

from meltano_pods.results.assets import inlets_and_outlets
from meltano_pods.results.options import LABEL_TEMPLATE, Reporting, reporting_of
from meltano_pods.results.uris import Uris

__all__ = ["LABEL_TEMPLATE", "Reporting", "Uris", "inlets_and_outlets", "reporting_of"]
