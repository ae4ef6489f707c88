"""Names of environment variables, and those by which Meltano takes options of a run.

By a variable, what a run does would differ from what its plan says: which state it writes, in which
environment. So DAGs that share a state would pass as ones that do not.
https://docs.meltano.com/reference/command-line-interface#run
"""

from __future__ import annotations

import re
from typing import Any

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SETTINGS = {
    "MELTANO_ENVIRONMENT": "environment",
    "MELTANO_RUN_FULL_REFRESH": "full_refresh",
    "MELTANO_RUN_NO_STATE_UPDATE": "no_state_update",
    "MELTANO_RUN_REFRESH_CATALOG": "refresh_catalog",
    "MELTANO_RUN_STATE_ID_SUFFIX": "state_id_suffix",
    "MELTANO_RUN_STATE_STRATEGY": "state_strategy",
    "MELTANO_RUN_TIMEOUT": "run_timeout",
    "MELTANO_STATE_ID": "state_id_suffix",
}
_WITHOUT = {
    "MELTANO_RUN_FORCE": "it would let two runs write one state",
    "MELTANO_RUN_ID": "each run has an id of its own",
}
RUN_VARIABLES = (*_SETTINGS, *_WITHOUT)
NAME_SCHEMA: dict[str, Any] = {
    "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
    "not": {"enum": list(RUN_VARIABLES)},
}


def check_name(name: object) -> None:
    """Accept the name of an environment variable.

    Raises:
        ValueError: It is none.
    """
    if not (isinstance(name, str) and _VARIABLE.fullmatch(name)):
        raise ValueError(
            f"{name!r} is not a valid name of an environment variable: use A-Z, 0-9 and _"
        )


def refuse_run_variable(name: str) -> None:
    """Refuse the name of a variable that is an option of `meltano run` or `meltano el`.

    Raises:
        ValueError: It is one; the message says which setting takes its place.
    """
    if (setting := _SETTINGS.get(name)) is not None:
        raise ValueError(
            f"{name} is an option of Meltano's run, which the plan of the DAG has to know: use the "
            f"setting `{setting}` instead"
        )
    if (reason := _WITHOUT.get(name)) is not None:
        raise ValueError(f"{name} is an option of Meltano's run that is not taken here: {reason}")
