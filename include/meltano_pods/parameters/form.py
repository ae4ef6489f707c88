"""What Airflow asks in its trigger form, and checks in its REST API: a JSON schema each.

https://json-schema.org/draft/2020-12, and Airflow's own reading of it:
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/params.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meltano_pods.parameters.choices import ENVIRONMENT, ONLY_TASKS
from meltano_pods.settings.types.run_options import (
    LOG_LEVELS,
    STATE_STRATEGIES,
    STREAMS_RULE,
    STREAMS_SCHEMA,
    SUFFIX_RULE,
    SUFFIX_SCHEMA,
)

if TYPE_CHECKING:
    from meltano_pods.parameters.choices import RunChoices

Schema = dict[str, Any]

_MOVES: dict[str, Schema] = {
    "full_refresh": {
        "type": "boolean",
        "title": "Full refresh",
        "description": "Ignore the saved state and move all records again.",
    },
    "refresh_catalog": {
        "type": "boolean",
        "title": "Refresh catalog",
        "description": "Discover the streams again instead of using the cached catalog.",
    },
    "no_state_update": {
        "type": "boolean",
        "title": "No state update",
        "description": "Neither read nor save the state: move all records, and leave no trace.",
    },
    "select_filter": {
        **STREAMS_SCHEMA,
        "title": "Streams",
        "description": f"Which of the selected streams to move, one to a line: {STREAMS_RULE}.",
    },
    "state_id_suffix": {
        **SUFFIX_SCHEMA,
        "title": "State id suffix",
        "description": f"Run with a bookmark of its own, under this name: {SUFFIX_RULE}.",
    },
    "state_strategy": {
        "type": "string",
        "enum": list(STATE_STRATEGIES),
        "title": "State strategy",
        "description": (
            "How the new state joins the saved one; auto merges after a full refresh and "
            "overwrites else."
        ),
    },
}
_LOG_LEVEL: Schema = {
    "type": "string",
    "enum": list(LOG_LEVELS),
    "title": "Log level",
    "description": "What Meltano and the plugins log.",
}


def form(choices: RunChoices, environment: str | None) -> dict[str, tuple[Any, Schema]]:
    """Return a DAG's parameters: for each its value to begin with, and its JSON schema.

    Args:
        choices: Of the DAG as a whole: the options that its settings say, what there is to choose
            from.
        environment: The DAG's own Meltano environment.
    """
    options = choices.options
    found: dict[str, tuple[Any, Schema]] = {}
    if choices.taps:
        for name, schema in _MOVES.items():
            value = getattr(options, name)
            found[name] = (list(value) or None if isinstance(value, tuple) else value, schema)
    found["log_level"] = (options.log_level or "info", _LOG_LEVEL)
    if choices.environments:
        names = [*([environment] if environment else []), *choices.environments]
        found[ENVIRONMENT] = (
            environment,
            {
                "type": "string" if environment else ["string", "null"],
                "enum": [*dict.fromkeys(names), *([] if environment else [None])],
                "title": "Meltano environment",
                "description": "All else stays as the DAG's settings say.",
            },
        )
    if len(choices.task_ids) > 1:
        ids = list(choices.task_ids)
        found[ONLY_TASKS] = (
            None,
            {
                "type": ["array", "null"],
                "items": {"type": "string", "enum": ids},
                "uniqueItems": True,
                "examples": ids,
                "title": "Only these tasks",
                "description": "The others are skipped. None: all run.",
            },
        )
    return found
