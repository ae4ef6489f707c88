"""`make doctor`: `meltano-pods doctor`, with the variables of the PostgreSQL of `make run` set."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from tools import warehouse
from tools.local_places import ROOT

_COMMAND = ROOT / ".venv" / "bin" / "meltano-pods"


def environment() -> dict[str, str]:
    """Return the environment, in which the variables of a local PostgreSQL count as set."""
    projects = (file.parent for file in ROOT.glob("meltano/*/meltano.yml"))
    own: dict[str, str] = {}
    if any(warehouse.needed(each, os.environ) for each in projects):
        with suppress(warehouse.WarehouseError):
            warehouse.programs()
            own = dict.fromkeys(warehouse.VARIABLES, "")
    return {**own, **os.environ}


if __name__ == "__main__":
    command = [str(_COMMAND), "doctor", *sys.argv[1:]]
    os.execve(_COMMAND, command, environment())  # noqa: S606 - no shell is meant
