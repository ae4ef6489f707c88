"""`python -m meltano_runner`, for where no console script is installed."""

import sys

from meltano_runner.cli import main

sys.exit(main())
