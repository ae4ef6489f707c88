"""Invalid settings and their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from conftest import sync
from tap_csv.errors import SettingsError
from tap_csv.tap import TapCsv

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"path": None}, "Setting path is not set; it must be a file"),
        ({"path": 7}, "Setting path is 7; it must be a text"),
        ({"pth": "x"}, "Setting pth is not known. Did you mean 'path'"),
        ({"on_malformed": "ignore"}, "on_malformed is 'ignore'; it must be fail or skip"),
        ({"encoding": "utf-9"}, "encoding is 'utf-9'; it must be an encoding Python knows"),
        ({"encoding": "hex"}, "encoding is 'hex'"),
        ({"delimiter": "||"}, "delimiter is '||'; it must be one character"),
        ({"quotechar": "''"}, "quotechar is \"''\"; it must be one character"),
        ({"infer_rows": -1}, "infer_rows is -1; it must be a whole number"),
        ({"primary_keys": "id"}, "primary_keys is 'id'; it must be a list of column names"),
        ({"types": {"id": "int"}}, "it must be an object of column names to one of integer, "),
        ({"files": {}}, "files is {}; it must be a list of objects"),
        ({"files": [{"delimiter": "ab"}]}, "files[0].delimiter is 'ab'"),
        ({"files": [{"nope": 1}]}, "Setting files[0].nope is not known"),
        ({"files": [{}, {}]}, "files[1].stream is 'orders', which an entry before it has too"),
        ({"stream_maps": 5}, "5 is not of type"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_may_be(config: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        TapCsv(config={"path": "orders.csv"} | config)
    assert message in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"replication_key": "when"}, "replication_key names the column 'when'"),
        ({"primary_keys": ["nr"]}, "primary_keys names the column 'nr'"),
        ({"types": {"nr": "string"}}, "types names the column 'nr'"),
        ({"replication_key": "ok"}, "replication_key names 'ok', a boolean column"),
    ],
)
def test_a_setting_that_does_not_fit_the_file(
    write: Callable[..., object], config: dict[str, Any], message: str
) -> None:
    write("id,ok\n1,true\n")
    with pytest.raises(SettingsError, match=message):
        sync(**config)


def test_types_win_over_what_is_found(write: Callable[..., object]) -> None:
    write("zip,flag,at\n1,1,2\n")
    output = sync(types={"zip": "string", "flag": "boolean"})
    assert output.records == [{"zip": "1", "flag": True, "at": 2}]


def test_no_sample_makes_every_column_a_string(write: Callable[..., object]) -> None:
    write("id,ok\n1,true\n")
    assert sync(infer_rows=0).records == [{"id": "1", "ok": "true"}]


def test_every_setting_is_described() -> None:
    properties = TapCsv.config_jsonschema["properties"]
    assert all(prop.get("description") for prop in properties.values())
