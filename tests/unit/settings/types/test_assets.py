"""The setting `assets`."""

from __future__ import annotations

from typing import Any

import pytest
from meltano_pods.settings import build_settings
from meltano_pods.settings.types.assets import DEFAULT_URI, get_uri_pattern

from tests.support.layers import layer, read_error


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (True, DEFAULT_URI),
        (False, None),
        ({"uri": "postgres://db:5432/shop/public/{table}"}, "postgres://db:5432/shop/public/{table}"),
    ],
)  # fmt: skip
def test_assets_are_true_false_or_a_map(content: Any, pattern: str | None) -> None:
    assert get_uri_pattern(build_settings([layer("project", assets=content)]).assets) == pattern


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("yes", "takes true, false or a map"),
        ({"url": "s3://b/{stream}"}, "unknown key `url`; expected: uri"),
        ({"uri": None}, "takes a string"),
        ({"uri": "s3://b/orders"}, "names neither {stream} nor {table}"),
        ({"uri": "s3://b/{streams}"}, "unknown placeholder `{streams}`"),
        ({"uri": "s3://b/{streams}"}, "Did you mean `stream`?"),
        ({"uri": "s3://b/{stream"}, "an unmatched brace"),
        ({"uri": "{stream}"}, "takes a scheme"),
        ({"uri": "airflow://b/{stream}"}, "Airflow's own"),
        ({"uri": "postgres://me:hunter2@db/shop/public/{table}"}, "no user, password"),
        ({"uri": "s3://b/{stream}?v=1"}, "no user, password, query"),
    ],
)
def test_invalid_assets_are_rejected(content: object, words: str) -> None:
    text = read_error(assets=content)
    assert words in text
    assert "hunter2" not in text
