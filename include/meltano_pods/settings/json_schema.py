"""The settings as JSON schema, made from the same models: for editors, which check as one types.

`schema()` is of meltano.yml as a whole, with Meltano's own schema beside ours, so that one line at
the top of the file is enough for an editor that has the YAML language server:
`# yaml-language-server: $schema=meltano-pods.schema.json`.
"""

from __future__ import annotations

import re
from typing import Any

from meltano_pods.settings.layers import ORDER, TASK_LEVELS, TASKS
from meltano_pods.settings.merge import OVERRIDES
from meltano_pods.settings.model import Settings, levels_refused
from meltano_pods.settings.podspec.enums import WORDS
from meltano_pods.settings.podspec.fields import QUANTITIES, ROOT, fields

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MELTANO_SCHEMA = (
    "https://raw.githubusercontent.com/meltano/meltano/v4.4.1/"
    "src/meltano/schemas/meltano.schema.json"
)
_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
_LISTED, _MAPPED = re.compile(r"list\[(.+)\]"), re.compile(r"dict\[str, (.+)\]")
_PLAIN = {"str": "string", "int": "integer", "bool": "boolean", "datetime": "string"}


def schema(meltano: str | None = MELTANO_SCHEMA) -> dict[str, Any]:
    """Return the schema of a meltano.yml with settings of ours.

    Args:
        meltano: Address of Meltano's own schema, which is to hold as well; None leaves it out.
    """
    named = {"type": "array", "items": _annotated("plugin")}
    properties = {
        **_annotated("project")["properties"],
        "environments": {"type": "array", "items": _annotated("environment")},
        "jobs": {"type": "array", "items": _annotated("job")},
        "schedules": {"type": "array", "items": _annotated("schedule")},
        "plugins": {"type": "object", "additionalProperties": named},
    }
    return {
        "$schema": DRAFT,
        "title": "meltano.yml with settings of Meltano Pods",
        "type": "object",
        **({} if meltano is None else {"allOf": [{"$ref": meltano}]}),
        "properties": properties,
        "$defs": {**{level: settings_schema(level) for level in ORDER}, **_pod_definitions()},
    }


def settings_schema(level: str) -> dict[str, Any]:
    """Return the schema of what stands under `meltano_pods` at one level.

    It refers to definitions of `schema()`.
    """
    made = Settings.model_json_schema()
    properties = {
        key: _bounded(each, key)
        for key, each in made["properties"].items()
        if level not in levels_refused(key)
    }
    if level in TASK_LEVELS:
        properties[TASKS] = {
            "description": "Settings of single tasks, by their ids.",
            "type": ["object", "null"],
            "additionalProperties": {"$ref": "#/$defs/task"},
        }
    return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


def _annotated(level: str) -> dict[str, Any]:
    ours = {"type": "object", "properties": {"meltano_pods": {"$ref": f"#/$defs/{level}"}}}
    return {"type": "object", "properties": {"annotations": ours}}


def _bounded(made: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a property as editors read it."""
    if key in OVERRIDES:
        kept = {name: made[name] for name in ("description", "examples")}
        return {**kept, "$ref": f"#/$defs/{ROOT}"}
    said = {name: value for name, value in made.items() if name not in ("not_at", "title")}
    # Defaults of durations and the like are written as pydantic writes them, not as people do.
    default = Settings.model_fields[key].get_default(call_default_factory=True)
    if default is None or not isinstance(default, str | int):
        said.pop("default", None)
    branches = said.get("anyOf", [said])
    for branch in branches:
        for ours, theirs in _BOUNDS.items():
            if (bound := branch.pop(ours, None)) is not None and isinstance(bound, int | float):
                branch[theirs] = bound
    return said


def _pod_definitions() -> dict[str, Any]:
    """Return Kubernetes' types that a pod is made of; null removes, so it is always allowed."""
    return {
        kind: {
            "type": ["object", "null"],
            "properties": {name: _pod_field(kind, name, each) for name, each in known.items()},
            "additionalProperties": False,
        }
        for kind, known in fields().items()
    }


def _pod_field(kind: str, name: str, of: str) -> dict[str, Any]:
    if (words := WORDS.get((kind, name))) is not None:
        return {"enum": [*words, None]}
    if (name,) in QUANTITIES:
        return {
            "type": ["object", "null"],
            "additionalProperties": {"type": ["string", "number", "null"]},
        }
    return _of_kind(of)


def _of_kind(of: str) -> dict[str, Any]:
    if (item := _LISTED.fullmatch(of)) is not None:
        return {"type": ["array", "null"], "items": _of_kind(item[1])}
    if (item := _MAPPED.fullmatch(of)) is not None:
        return {"type": ["object", "null"], "additionalProperties": _of_kind(item[1])}
    if of in _PLAIN:
        return {"type": [_PLAIN[of], "null"]}
    return {"$ref": f"#/$defs/{of}"} if of in fields() else {}
