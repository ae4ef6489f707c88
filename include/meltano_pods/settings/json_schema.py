"""The settings as a JSON schema for editors, built from the same models.

`build_schema()` covers all of meltano.yml: it refers to Meltano's own schema, so that one line at
the top of the file suffices for an editor with the YAML language server:
`# yaml-language-server: $schema=meltano-pods.schema.json`.
"""

from __future__ import annotations

import re
from typing import Any

from meltano_pods.settings.layers import ORDER, TASK_LEVELS, TASKS
from meltano_pods.settings.model import Settings, get_excluded_levels
from meltano_pods.settings.podspec.enums import ENUMS
from meltano_pods.settings.podspec.fields import QUANTITIES, ROOT, load_fields
from meltano_pods.settings.podspec.reserved import OVERRIDES

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MELTANO_SCHEMA = (
    "https://raw.githubusercontent.com/meltano/meltano/v4.4.1/"
    "src/meltano/schemas/meltano.schema.json"
)
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
_LISTED, _MAPPED = re.compile(r"list\[(.+)\]"), re.compile(r"dict\[str, (.+)\]")
_PLAIN = {"str": "string", "int": "integer", "bool": "boolean", "datetime": "string"}


def build_schema(meltano: str | None = MELTANO_SCHEMA) -> dict[str, Any]:
    """Return the schema of a meltano.yml with settings of Meltano Pods.

    Args:
        meltano: Address of Meltano's own schema, which applies as well; None omits it.
    """
    named = {"type": "array", "items": _wrap_annotations("plugin")}
    properties = {
        **_wrap_annotations("project")["properties"],
        "environments": {"type": "array", "items": _wrap_annotations("environment")},
        "jobs": {"type": "array", "items": _wrap_annotations("job")},
        "schedules": {"type": "array", "items": _wrap_annotations("schedule")},
        "plugins": {"type": "object", "additionalProperties": named},
    }
    return {
        "$schema": DRAFT,
        "title": "meltano.yml with settings of Meltano Pods",
        "type": "object",
        **({} if meltano is None else {"allOf": [{"$ref": meltano}]}),
        "properties": properties,
        "$defs": {
            **{level: build_level_schema(level) for level in ORDER},
            **_build_pod_definitions(),
        },
    }


def build_level_schema(level: str) -> dict[str, Any]:
    """Return the schema of `annotations: meltano_pods:` at one level.

    It refers to definitions of `build_schema()`.
    """
    made = Settings.model_json_schema()
    properties = {
        key: _build_property(each, key)
        for key, each in made["properties"].items()
        if level not in get_excluded_levels(key)
    }
    if level in TASK_LEVELS:
        properties[TASKS] = {
            "description": "Settings of single tasks, by their ids.",
            "type": ["object", "null"],
            "additionalProperties": {"$ref": "#/$defs/task"},
        }
    return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


def _wrap_annotations(level: str) -> dict[str, Any]:
    ours = {"type": "object", "properties": {"meltano_pods": {"$ref": f"#/$defs/{level}"}}}
    return {"type": "object", "properties": {"annotations": ours}}


def _build_property(made: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a property in the form that editors read."""
    if key in OVERRIDES:
        kept = {name: made[name] for name in ("description", "examples")}
        return {**kept, "$ref": f"#/$defs/{ROOT}"}
    shown = {name: value for name, value in made.items() if name not in ("not_at", "title")}
    # Pydantic writes the defaults of durations and other types differently from users.
    default = Settings.model_fields[key].get_default(call_default_factory=True)
    if default is None or not isinstance(default, str | int):
        shown.pop("default", None)
    branches = shown.get("anyOf", [shown])
    for branch in branches:
        for ours, theirs in _BOUNDS.items():
            if (bound := branch.pop(ours, None)) is not None and isinstance(bound, int | float):
                branch[theirs] = bound
    return shown


def _build_pod_definitions() -> dict[str, Any]:
    """Return the Kubernetes types of a pod; null removes a field, so it is always allowed."""
    return {
        kind: {
            "type": ["object", "null"],
            "properties": {
                name: _build_pod_field(kind, name, each) for name, each in known.items()
            },
            "additionalProperties": False,
        }
        for kind, known in load_fields().items()
    }


def _build_pod_field(kind: str, name: str, of: str) -> dict[str, Any]:
    if (words := ENUMS.get((kind, name))) is not None:
        return {"enum": [*words, None]}
    if (name,) in QUANTITIES:
        return {
            "type": ["object", "null"],
            "additionalProperties": {"type": ["string", "number", "null"]},
        }
    return _build_type(of)


def _build_type(of: str) -> dict[str, Any]:
    if (item := _LISTED.fullmatch(of)) is not None:
        return {"type": ["array", "null"], "items": _build_type(item[1])}
    if (item := _MAPPED.fullmatch(of)) is not None:
        return {"type": ["object", "null"], "additionalProperties": _build_type(item[1])}
    if of in _PLAIN:
        return {"type": [_PLAIN[of], "null"]}
    return {"$ref": f"#/$defs/{of}"} if of in load_fields() else {}
