"""Ids: no letters of a name are lost, and each is one that Airflow takes."""

from __future__ import annotations

import re
from itertools import product

import pytest
from meltano_pods.plan.identifiers import make_identifier, make_unique_identifiers

from tests.support.projects import MakeProject, sound_plan

# What Airflow takes for an id, without the letters that its metrics do not take.
MAX = 250
ALLOWED = re.compile(rf"[A-Za-z0-9_.-]{{1,{MAX}}}")
NAMES = (
    "t", "to", "to-b", "tool", "tom", "token-check", "tap-to-target", "o", "-to-x", "a.b", "a_b",
    "A", "dbt", "2", "täglich", "tüglich", "日本", "نقل", "😀", "x" * 300, "é", "e\u0301",
    "--", "a b",
)  # fmt: skip
PROJECT = """\
default_environment: dev
environments: [{{name: dev}}]
plugins:
  extractors: [{{name: 'tap-to', namespace: x}}, {{name: too, namespace: x}}]
  loaders: [{{name: target, namespace: x}}, {{name: 'to-lake', namespace: x}}]
  utilities: [{{name: {0!r}, namespace: x, commands: {{run: x, to: x}}}}]
jobs: [{{name: load, tasks: [{1}]}}]
"""


@pytest.mark.parametrize("name", [name for name in NAMES if " " not in name])
def test_the_id_of_a_task_holds_all_of_its_blocks(make_project: MakeProject, name: str) -> None:
    blocks = [name, f"{name}:run", f"{name}:to", "too target", "tap-to to-lake"]
    tasks = ", ".join(f"'{each}'" for each in (*blocks, *blocks))
    (dag,) = sound_plan(make_project(PROJECT.format(name, tasks))).dags
    ids = [task.task_id for task in dag.tasks]
    assert len(set(ids)) == len(ids)
    assert all(ALLOWED.fullmatch(each) for each in ids)
    assert ids[3:5] == ["too-to-target", "tap-to-to-to-lake"]
    for block, task_id in zip(blocks, ids, strict=False):
        # One that is too long is cut, and says by a digest what was lost.
        for word in block.split() if len(block) < MAX else ():
            assert plain(word) in plain(task_id)


def plain(text: str) -> str:
    return re.sub("[^A-Za-z0-9]", "", text)


def test_two_names_are_one_id_only_by_their_punctuation() -> None:
    def letters(name: str) -> str:
        return "".join(each for each in name if each.isalnum())

    for one, other in product(NAMES, NAMES):
        if one != other and make_identifier(one) == make_identifier(other):
            assert letters(one) == letters(other), (one, other)


def test_ids_do_not_change() -> None:
    """They are the keys of Airflow's history."""
    names = ("tool-run", "tap-a-to-b", "a.b", "täglich", "日本")
    assert [make_identifier(name) for name in names] == [
        "tool-run", "tap-a-to-b", "a.b", "t-glich-c6c7b54b59", "unnamed-cf2abf0c5b",
    ]  # fmt: skip
    assert make_unique_identifiers(["a b", "a-b", "a-b", "a-b--2"]) == [
        "a-b", "a-b--2", "a-b--3", "a-b--2--2",
    ]  # fmt: skip


def test_inserting_a_task_renames_no_other() -> None:
    before = make_unique_identifiers(["a-to-b", "dbt-run", "a-to-b"])
    after = make_unique_identifiers(["new", "a-to-b", "dbt-run", "other", "a-to-b"])
    assert before == ["a-to-b", "dbt-run", "a-to-b--2"]
    assert [each for each in after if each in before] == before


def test_ids_are_what_airflow_allows() -> None:
    assert make_identifier("shop.Täglich um 3") == "shop.T-glich-um-3-55dc4b0a4a"
    long = make_identifier("x" * 300)
    assert len(long) == 250
    assert long != make_identifier("x" * 301)
