"""`python -m meltano_pods`: the command line where its script is not on the path."""

import sys

from meltano_pods.cli.main import program

sys.exit(program())
