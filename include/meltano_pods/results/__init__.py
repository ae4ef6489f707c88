"""What is done with a run's result: lines in the log, checks, XComs, asset events.

For every launcher: an operator hands over the result, and returns or raises what comes back.
"""

from meltano_pods.results.assets import inlets_and_outlets
from meltano_pods.results.ended import Ended
from meltano_pods.results.lines import tell
from meltano_pods.results.options import Reporting, reporting_of
from meltano_pods.results.report import LABEL_TEMPLATE, RESULT, SUMMARY, failed, succeeded
from meltano_pods.results.uris import Uris

__all__ = [
    "LABEL_TEMPLATE",
    "RESULT",
    "SUMMARY",
    "Ended",
    "Reporting",
    "Uris",
    "failed",
    "inlets_and_outlets",
    "reporting_of",
    "succeeded",
    "tell",
]
