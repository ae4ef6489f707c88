"""Names of environment variables, and those by which Meltano takes options of a run.

With such a variable, a run would differ from its plan: it could write another state, or use another
environment, and the check for DAGs that share a state would miss it.
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
    "MELTANO_RUN_FORCE": "it would let two runs write the same state",
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
        ValueError: It is not valid.
    """
    if not (isinstance(name, str) and _VARIABLE.fullmatch(name)):
        raise ValueError(
            f"{name!r} is not a valid name of an environment variable: use A-Z, 0-9 and _"
        )


def reject_run_variable(name: str) -> None:
    """Reject the name of a variable that is an option of `meltano run` or `meltano el`.

    Raises:
        ValueError: It is one; the message names the setting to use instead.
    """
    if (setting := _SETTINGS.get(name)) is not None:
        raise ValueError(
            f"{name} is an option of Meltano's run that the plan of the DAG depends on: use the "
            f"setting `{setting}` instead"
        )
    if (reason := _WITHOUT.get(name)) is not None:
        raise ValueError(f"{name} is an option of Meltano's run that is not allowed here: {reason}")
