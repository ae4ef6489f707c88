"""Reads the catalog and the state that Meltano passed to a tap, from files in the run's folder.

The runner does not read the pipe between tap and target, so it sees no SCHEMA message. The catalog
has the same information earlier: Meltano writes it for each run, from the tap's discovery and
`select`, and a tap that accepts a catalog sends what is in it.
https://hub.meltano.com/singer/spec#catalog
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meltano_runner.run import bookmarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

CATALOG, _STATE = "tap.properties.json", "state.json"


@dataclass(frozen=True, slots=True)
class TapFiles:
    """The contents of the files.

    Attributes:
        columns: Types of the selected columns by name, by selected stream.
        bookmarks: Each stream's bookmark in the state that the tap started with.
    """

    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bookmarks: Mapping[str, str] = field(default_factory=dict)


def read_files(folder: Path, tap: str, redact: Callable[[str], str]) -> TapFiles:
    """Read the files of a tap that has run; empty if there are no readable files.

    Args:
        folder: Meltano's `run` folder, with the files of this run only.
        tap: The tap's name.
        redact: Masks secrets.
    """
    # `meltano run` has a folder for each plugin, `meltano el` one for each run of a state id.
    found = next((each for each in (folder / tap, *folder.glob("elt/*/*")) if each.is_dir()), None)
    if found is None:
        return TapFiles()
    state = _load(found / _STATE, redact)
    return TapFiles(list_columns(_load(found / CATALOG, redact)), bookmarks.format_bookmarks(state))


def read_catalog(folder: Path) -> Mapping[str, Any]:
    """Return the catalog in a tap's folder; empty if there is none."""
    return _load(folder / CATALOG, str)


def list_stream_ids(catalog: Mapping[str, Any]) -> list[str]:
    """Return the streams of a catalog, selected or not."""
    return [_get_stream_id(stream) for stream in _list_streams(catalog)]


def list_columns(catalog: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the selected columns of each selected stream, with short names of their types."""
    found = {}
    for stream in _list_streams(catalog):
        selected = dict(_iterate_metadata(stream))
        if not _is_selected(selected.get((), {})):
            continue
        properties = (stream.get("schema") or {}).get("properties") or {}
        found[_get_stream_id(stream)] = {
            name: get_type_name(schema)
            for name, schema in properties.items()
            if _is_selected(selected.get(("properties", name), {}))
        }
    return found


def get_type_name(schema: object) -> str:
    """Return a short name of a JSON schema's type, such as `date-time` or `integer|string`.

    It omits null, because taps allow null nearly everywhere.
    """
    if not isinstance(schema, dict):
        return "any"
    names = set()
    for each in (schema, *(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())):
        types = each.get("type", ()) if isinstance(each, dict) else ()
        for name in [types] if isinstance(types, str) else types:
            names.add(str(each.get("format") or name) if name == "string" else str(name))
    return "|".join(sorted(names - {"null"})) or "any"


def _list_streams(catalog: Mapping[str, Any]) -> list[dict[str, Any]]:
    streams = catalog.get("streams")
    return [each for each in streams if isinstance(each, dict)] if isinstance(streams, list) else []


def _get_stream_id(stream: Mapping[str, Any]) -> str:
    return str(stream.get("tap_stream_id") or stream.get("stream"))


def _iterate_metadata(stream: Any) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:  # noqa: ANN401
    for each in stream.get("metadata") or ():
        yield tuple(each.get("breadcrumb") or ()), each.get("metadata") or {}


def _is_selected(metadata: Mapping[str, Any]) -> bool:
    # https://github.com/singer-io/getting-started/blob/master/docs/DISCOVERY_MODE.md#metadata
    inclusion = metadata.get("inclusion")
    if inclusion in ("automatic", "unsupported"):
        return bool(inclusion == "automatic")
    return bool(metadata.get("selected", metadata.get("selected-by-default", False)))


def _load(file: Path, redact: Callable[[str], str]) -> dict[str, Any]:
    try:
        data = json.loads(redact(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
