"""Tutorials are read as they are meant; tests/local and tests/cluster do what they say."""

from __future__ import annotations

import pytest

from tests.docs.tutorial import KUBERNETES, Typed, Written, steps
from tests.support.checkout import ROOT

FIRST = ROOT / "docs" / "tutorial" / "first-pipeline.md"
FILE = """\
extractors:
- name: tap-a
  config:
    path: x
  other: y
- name: tap-b
  config:
    path: z
"""


def test_the_first_tutorial_types_on_a_cluster_what_the_demo_does() -> None:
    found = [
        step.commands
        for step in steps(FIRST)
        if isinstance(step, Typed) and KUBERNETES in step.section
    ]
    # tests/cluster/test_demo.py
    assert found == ["make up\n", "make demo\nmake output\n", "make down\n"]


@pytest.mark.parametrize(
    ("shown", "output", "missing"),
    [
        (["a", "c"], "a\n\nc\n", None),
        (["a", "c"], "a\nb\nc\n", "c"),
        (["a", "...", "c"], "a\nb\nb\nc\n", None),
        (["...", "b", "c"], "a\nb\na\nb\nc\n", None),
        (["...", "c", "a"], "a\nb\nc\n", "a"),
        (["b", "c"], "a\nb\nc\n", "b"),
        (["a", "b"], "a\nb\nc\n", "the end of the output"),
        (["a", "..."], "a\nb\nc\n", None),
        ([], "a\n", None),
        (["moved 3 rows"], "moved 4 rows\n", "moved 3 rows"),
        (["in 8.3 s, 100 MiB"], "in 11.0 s, 92 MiB\n", None),
        (["id 1, ... end"], "id 1, and so on to the end\n", None),
        (["NAME  TASK"], "NAME      TASK\n", None),
        (["whole"], "the whole line\n", "whole"),
    ],
)
def test_what_is_shown_omits_no_line_without_a_sign(
    shown: list[str], output: str, missing: str | None
) -> None:
    assert Typed("", "", tuple(shown)).missing(output) == missing


@pytest.mark.parametrize(
    ("place", "text", "expected"),
    [
        ("", "new\n", "new\n"),
        ("at the end", "more: 1\n", FILE + "more: 1\n"),
        (
            "in place of `tap-a`",
            "- name: tap-a\n  new: 1\n",
            "extractors:\n- name: tap-a\n  new: 1\n- name: tap-b\n  config:\n    path: z\n",
        ),
        (
            "in place of `config` of `tap-b`",
            "  config:\n    new: 1\n",
            FILE.replace("    path: z\n", "    new: 1\n"),
        ),
    ],
)
def test_a_text_goes_where_the_page_says(place: str, text: str, expected: str) -> None:
    assert Written("", "file", place, text).put_into(FILE) == expected


def test_the_end_is_replaced_from_where_it_was_added() -> None:
    added = Written("", "file", "at the end", "more:\n  a: 1\n").put_into(FILE)
    again = Written("", "file", "in place of the end", "more:\n  b: 1\n").put_into(added)
    assert again == FILE + "more:\n  b: 1\n"
