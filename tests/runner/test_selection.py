"""Filters that leave a tap with nothing, or name a stream that it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from meltano_runner.run import command
from meltano_runner.run.definitions import Definitions
from meltano_runner.run.selection import Selection, read_selection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STREAMS = ("customers", "orders", "public.items")


def catalog(*selected: str, streams: Sequence[str] = STREAMS) -> dict[str, Any]:
    """Return a catalog as Meltano hands it to a tap, its selection applied."""
    return {
        "streams": [
            {
                "tap_stream_id": each,
                "schema": {"properties": {"id": {}}},
                "metadata": [{"breadcrumb": [], "metadata": {"selected": each in selected}}],
            }
            for each in streams
        ]
    }


def error(filters: Sequence[str], *selected: str) -> str | None:
    return Selection({"tap-a": filters}).find_error("tap-a", catalog(*selected))


@pytest.mark.parametrize(
    ("filters", "selected"),
    [
        ([], ["orders"]),
        (["orders"], ["orders"]),
        (["ord*", "nothing-*"], ["orders"]),
        (["!orders", "!nothing"], ["customers"]),
        ([r"public\.items"], ["public.items"]),
        (["orders.id"], ["orders"]),
    ],
)
def test_filters_that_leave_something(filters: list[str], selected: list[str]) -> None:
    assert error(filters, *selected) is None


@pytest.mark.parametrize(
    ("filters", "selected", "words"),
    [
        (
            ["custmers"],
            [],
            "tap-a has no stream `custmers`; did you mean `customers`? Its streams:",
        ),
        # One of several names is enough for an error.
        (["orders", "custmers"], ["orders"], "no stream `custmers`; did you mean `customers`?"),
        (["item"], [], "did you mean `public.items`?"),
        (["ORDERS"], [], "did you mean `orders`?"),
        (["zzz"], [], "has no stream `zzz`. Its streams: customers, orders, public.items"),
        (["public.items"], [], "Write the dot of a stream's name as `\\.`"),
        (["nope-*"], [], 'select_filter ["nope-*"] leaves no stream of tap-a to extract'),
        (["!*"], [], 'select_filter ["!*"] leaves no stream of tap-a'),
        (
            [],
            [],
            "the setting `select` of tap-a leaves no stream to extract. Its streams: customers,",
        ),
    ],
)
def test_filters_that_do_not(filters: list[str], selected: list[str], words: str) -> None:
    assert words in (error(filters, *selected) or "")


@pytest.mark.parametrize(
    ("select", "words"),
    [
        (["custmers.*"], ": tap-a has no stream `custmers`; did you mean `customers`? Its streams"),
        (["orders.nope", "custmers.id"], "; did you mean `customers`?"),
        (["zzz"], "tap-a has no stream `zzz`. Its streams: customers, orders, public.items"),
        (["public.items.*"], "Write the dot of a stream's name as `\\.`"),
        (["public.items.id"], "Write the dot of a stream's name as `\\.`"),
        ([r"public\.itms.*"], "did you mean `public.items`?"),
        (["*.nope", "!orders"], '(["*.nope", "!orders"]). Its streams: customers'),
        (["orders.nope"], '(["orders.nope"]). Its streams: customers'),
    ],
)
def test_a_select_that_leaves_no_stream(select: list[str], words: str) -> None:
    found = Selection({}, {"tap-a": select}).find_error("tap-a", catalog())
    assert found
    assert found.startswith("the setting `select` of tap-a leaves no stream to extract")
    assert words in found
    assert Selection({}, {"tap-a": select}).find_error("tap-a", catalog("orders")) is None


def test_a_select_in_a_file_has_a_place(tmp_path: Path) -> None:
    project = tmp_path / "meltano" / "shop"
    project.mkdir(parents=True)
    (project / "meltano.yml").write_text(
        "plugins:\n  extractors:\n  - name: tap-a\n    select:\n    - custmers.*\n"
    )
    taps = Definitions(project, None).find_plugins(["tap-a"])
    selection = read_selection(taps, command.parse_arguments(["tap-a", "target-b"]), {})
    found = selection.find_error("tap-a", catalog())
    assert found
    assert found.startswith(
        "the setting `select` of tap-a leaves no stream to extract (meltano/shop/meltano.yml, "
        "line 5): tap-a has no stream `custmers`; did you mean `customers`?"
    )


def test_a_tap_that_found_no_streams_at_all_may_have_none() -> None:
    assert Selection({}).find_error("tap-a", {"streams": []}) is None
    assert Selection({}).find_error("tap-a", {}) is None
    assert Selection({"tap-a": ["x"]}).find_error("tap-a", {"streams": []})


def test_a_stream_of_another_tap_is_no_error_unless_no_tap_has_it() -> None:
    selection = Selection({"tap-a": ["orders"], "tap-b": ["orders"]})
    other = catalog(streams=("invoices",))
    assert selection.find_error("tap-a", other) is None
    assert "no stream `orders`" in (selection.find_final_error() or "")
    assert selection.find_error("tap-b", catalog("orders")) is None
    assert selection.find_final_error() is None


PROJECT = """
environments:
- name: prod
  config: {plugins: {extractors: [{name: tap-a, select_filter: [of-prod]}]}}
plugins:
  extractors:
  - {name: tap-a, namespace: tap_aa, select_filter: [own]}
  - {name: tap-b, inherit_from: tap-a}
  - {name: tap-c, select_filter: [$STREAM]}
"""


@pytest.mark.parametrize(
    ("arguments", "environment", "variables", "found"),
    [
        ("tap-a target", None, {}, ["own"]),
        ("tap-a target", "prod", {}, ["of-prod"]),
        ("tap-b target", "prod", {}, ["of-prod"]),
        ("tap-a target", "prod", {"TAP_A__SELECT_FILTER": '["x", "!y"]'}, ["x", "!y"]),
        ("tap-a target", "prod", {"TAP_AA__SELECT_FILTER": "[]"}, []),
        ("tap-a target", None, {"TAP_A__SELECT_FILTER": "neither JSON"}, []),
        ("tap-c target", None, {}, []),
        ("tap-a target --state-id=d --select=x --exclude=y", "prod", {}, ["x", "!y"]),
    ],
)
def test_filters_are_found_where_meltano_takes_them(
    tmp_path: Path, arguments: str, environment: str | None, variables: dict[str, str],
    found: list[str],
) -> None:  # fmt: skip
    (tmp_path / "meltano.yml").write_text(PROJECT)
    request = command.parse_arguments(arguments.split())
    taps = Definitions(tmp_path, environment).find_plugins(request.blocks)
    selection = read_selection(taps, request, variables)
    assert list(selection.filters.values()) == [found]


@pytest.mark.parametrize(
    ("environment", "variables", "words"),
    [
        (None, {}, "no stream `mine`"),
        ("prod", {}, "no stream `of-prod`"),
        ("prod", {"TAP_A__SELECT": '["ordrs.*"]'}, "did you mean `orders`?"),
    ],
)
def test_a_select_is_found_where_meltano_takes_it(
    tmp_path: Path, environment: str | None, variables: dict[str, str], words: str
) -> None:
    text = PROJECT.replace("select_filter", "select").replace("own", "mine")
    (tmp_path / "meltano.yml").write_text(text)
    request = command.parse_arguments(["tap-a", "target"])
    taps = Definitions(tmp_path, environment).find_plugins(request.blocks)
    error = read_selection(taps, request, variables).find_error("tap-a", catalog())
    assert words in (error or "")
