"""What an editor is told of values that are read by checks of our own.

JSON schema, draft 2020-12, as editors use it: https://json-schema.org/draft/2020-12/schema. It may
allow what a check refuses, never the reverse; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

from pydantic import WithJsonSchema

from meltano_pods.settings.airflow_env import FIELD
from meltano_pods.settings.expect import CHANGES, IGNORE, MISSING_RECORDS, SEVERITIES
from meltano_pods.settings.notify import CHANNELS, EVENTS
from meltano_pods.settings.run_variables import RUN_VARIABLES
from meltano_pods.settings.values import LINK_PATTERN

_VARIABLE = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "not": {"enum": list(RUN_VARIABLES)}}
_QUANTITIES: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {
        name: {"type": ["string", "number"]} for name in ("cpu", "memory", "ephemeral-storage")
    },
    "additionalProperties": {"type": ["string", "number"]},
}
_TEXTS: dict[str, Any] = {
    "anyOf": [
        {"type": ["string", "null"]},
        {"type": "array", "items": {"type": "string"}},
    ]
}

_DURATION: dict[str, Any] = {
    "type": ["string", "number"],
    "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?$",
    "examples": ["90s", "5m", "2h30m"],
}
_CHANGES: dict[str, Any] = {
    "anyOf": [{"enum": [*CHANGES, "any"]}, {"type": "array", "items": {"enum": list(CHANGES)}}]
}


def _check(bound: dict[str, Any], *words: str) -> dict[str, Any]:
    by_severity = {
        "type": "object",
        "properties": dict.fromkeys(SEVERITIES, {"anyOf": [bound, {"type": "null"}]}),  # noqa: RUF024
        "additionalProperties": False,
    }
    return {"anyOf": [bound, {"enum": [*words, None]}, by_severity]}


_EXPECTED = {
    "min_records": _check({"type": "integer", "minimum": 0}),
    "max_age": _check(_DURATION),
    "schema_change": _check(_CHANGES, *SEVERITIES),
}
_OF_STREAM: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": _EXPECTED,
    "additionalProperties": False,
}

DURATION = WithJsonSchema(_DURATION)
DATE = WithJsonSchema({"type": "string", "examples": ["2026-01-31"]})
LINK = WithJsonSchema({"type": "string", "pattern": LINK_PATTERN})
TIMEZONE = WithJsonSchema({"type": "string", "examples": ["UTC", "Europe/Berlin"]})
KUBERNETES_NAME = WithJsonSchema(
    {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"}
)
IMAGE = WithJsonSchema({"type": "string", "examples": ["registry/name@sha256:..."]})
TEMPLATE = WithJsonSchema({"type": "string", "pattern": r"^[\w.-]+\.ya?ml$"})
VARIABLES = WithJsonSchema(
    {
        "type": "object",
        "propertyNames": _VARIABLE,
        "additionalProperties": {"type": ["string", "number"]},
    }
)
NAMES = WithJsonSchema(
    {"type": "array", "items": {"type": "string", "pattern": r"^[A-Za-z_][\w.-]*$"}}
)
_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_ID: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 250}
AIRFLOW_SOURCES = WithJsonSchema(
    {
        "type": "object",
        "propertyNames": _VARIABLE,
        "additionalProperties": {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {
                        "connection": _ID,
                        "field": {
                            **_TEXT,
                            "pattern": FIELD,
                            "examples": ["uri", "password", "extra.token"],
                        },
                    },
                    "required": ["connection"],
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "properties": {"variable": _ID, "key": _TEXT},
                    "required": ["variable"],
                    "additionalProperties": False,
                },
            ]
        },
    }
)
RESOURCES = WithJsonSchema(
    {
        "type": "object",
        "properties": {"requests": _QUANTITIES, "limits": _QUANTITIES},
        "additionalProperties": False,
    }
)
SECRET_KEYS = WithJsonSchema(
    {
        "type": "object",
        "propertyNames": _VARIABLE,
        "additionalProperties": {
            "type": ["object", "null"],
            "properties": {
                "secret": {"type": ["string", "null"]},
                "key": {"type": ["string", "null"]},
            },
            "additionalProperties": False,
        },
    }
)
ASSETS = WithJsonSchema(
    {
        "anyOf": [
            {"type": "boolean"},
            {
                "type": "object",
                "properties": {"uri": {"type": "string"}},
                "additionalProperties": False,
            },
        ]
    }
)
EXPECT = WithJsonSchema(
    {
        "type": "object",
        "properties": {
            **_EXPECTED,
            MISSING_RECORDS: {"enum": [*SEVERITIES, IGNORE, None]},
            "streams": {"type": ["object", "null"], "additionalProperties": _OF_STREAM},
        },
        "additionalProperties": False,
    }
)
NOTIFY = WithJsonSchema(
    {
        "type": "object",
        "properties": {
            **dict.fromkeys(CHANNELS, _TEXTS),
            "events": {
                "anyOf": [
                    {"enum": [*EVENTS, None]},
                    {"type": "array", "items": {"enum": list(EVENTS)}},
                ]
            },
        },
        "additionalProperties": False,
    }
)
