"""The fields of Airflow's trigger form, which its REST API checks: a JSON schema for each.

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
        "description": "Neither read nor save the state: move all records.",
    },
    "select_filter": {
        **STREAMS_SCHEMA,
        "title": "Streams",
        "description": f"Which of the selected streams to move, one per line: {STREAMS_RULE}.",
    },
    "state_id_suffix": {
        **SUFFIX_SCHEMA,
        "title": "State id suffix",
        "description": f"Run with a separate bookmark of this name: {SUFFIX_RULE}.",
    },
    "state_strategy": {
        "type": "string",
        "enum": list(STATE_STRATEGIES),
        "title": "State strategy",
        "description": (
            "How the new state is combined with the saved one; auto merges after a full refresh, "
            "else it overwrites."
        ),
    },
}
_LOG_LEVEL: Schema = {
    "type": "string",
    "enum": list(LOG_LEVELS),
    "title": "Log level",
    "description": "Log level of Meltano and the plugins.",
}


def build_form(choices: RunChoices, environment: str | None) -> dict[str, tuple[Any, Schema]]:
    """Return a DAG's parameters: for each its default value and its JSON schema.

    Args:
        choices: The options in the settings of the DAG as a whole, and the values to choose from.
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
                "description": "The DAG's settings do not change.",
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
