"""What is read of the files Meltano hands a tap."""

import json
from pathlib import Path
from typing import Any

import pytest
from meltano_runner.run import tap_files
from meltano_runner.run.tap_files import TapFiles, get_type_name, list_columns, read_files


def stream(name: str, columns: dict[str, Any], **selected: Any) -> dict[str, Any]:
    """Return an entry of a catalog, its columns selected but for those given metadata by name."""
    metadata = [{"breadcrumb": [], "metadata": {"selected": True} | selected.pop("stream", {})}]
    for column in columns:
        output = selected.get(column, {"inclusion": "available", "selected": True})
        metadata.append({"breadcrumb": ["properties", column], "metadata": output})
    schema = {"type": "object", "properties": columns}
    return {"tap_stream_id": name, "stream": name, "schema": schema, "metadata": metadata}


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ({"type": "integer"}, "integer"),
        ({"type": ["null", "string"]}, "string"),
        ({"type": ["string", "null"], "format": "date-time"}, "date-time"),
        ({"type": ["string", "integer", "null"]}, "integer|string"),
        ({"anyOf": [{"type": "string", "format": "date"}, {"type": "string"}]}, "date|string"),
        ({"type": ["object", "null"], "properties": {"a": {"type": "string"}}}, "object"),
        ({}, "any"),
        ({"type": "null"}, "any"),
        (True, "any"),
    ],
)  # fmt: skip
def test_a_type_has_a_short_name(schema: object, name: str) -> None:
    assert get_type_name(schema) == name


def test_only_what_is_selected_counts() -> None:
    text = {"type": "string"}
    catalog = {
        "streams": [
            stream(
                "orders",
                {
                    "id": {"type": "integer"},
                    "note": text,
                    "blob": text,
                    "secret": text,
                    "new": text,
                },
                id={"inclusion": "automatic", "selected": False},
                blob={"inclusion": "unsupported", "selected": True},
                secret={"inclusion": "available", "selected": False},
                new={"inclusion": "available", "selected-by-default": True},
            ),
            stream("unwanted", {"id": text}, stream={"selected": False}),
        ]
    }
    assert list_columns(catalog) == {"orders": {"id": "integer", "note": "string", "new": "string"}}


@pytest.mark.parametrize("folder", ["tap-a", "elt/daily/01a2"])
def test_files_of_run_and_of_el_are_found(tmp_path: Path, folder: str) -> None:
    (own := tmp_path / folder).mkdir(parents=True)
    catalog = {"streams": [stream("orders", {"id": {"type": "integer"}})]}
    (own / "tap.properties.json").write_text(json.dumps(catalog))
    state = {"bookmarks": {"orders": {"replication_key_value": "s3cret"}}}
    (own / "state.json").write_text(json.dumps(state))
    found = read_files(tmp_path, "tap-a", lambda text: text.replace("s3cret", "***"))
    assert found == TapFiles({"orders": {"id": "integer"}}, {"orders": "***"})


def test_nothing_is_known_of_what_is_missing_or_broken(tmp_path: Path) -> None:
    assert read_files(tmp_path, "tap-a", str) == TapFiles()
    (tmp_path / "tap-a").mkdir()
    (tmp_path / "tap-a" / tap_files.CATALOG).write_text("[]")
    (tmp_path / "tap-a" / tap_files._STATE).write_text("{")
    assert read_files(tmp_path, "tap-a", str) == TapFiles()
