"""State ids are Meltano's own; tests/meltano compares them with Meltano."""

from __future__ import annotations

import pytest
from meltano_pods.plan import plan
from meltano_pods.project import read_project

from tests.support.projects import GOOD, MakeProject

PAIR = "tap-csv target-jsonl"
CASES: dict[str, tuple[str, list[str]]] = {
    "a pair": (PAIR, ["dev:tap-csv-to-target-jsonl"]),
    "a mapper between": (
        "tap-shop hide-emails target-jsonl", ["dev:tap-shop-to-target-jsonl"],
    ),
    "two pairs and a command": (
        f"{PAIR} dbt:run tap-shop target-jsonl",
        ["dev:tap-csv-to-target-jsonl", "dev:tap-shop-to-target-jsonl"],
    ),
    "one pair twice": (f"{PAIR} {PAIR}", ["dev:tap-csv-to-target-jsonl"]),
    "a command": ("dbt:run", []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_of_a_run(make_project: MakeProject, case: str) -> None:
    blocks, expected = CASES[case]
    folder = make_project(GOOD.replace("  - tap-csv target-jsonl\n  - dbt:run", f"  - {blocks}"))
    (task,) = plan(read_project(folder)).dags[0].tasks
    assert list(task.state_ids) == expected


def test_the_environments_suffix(make_project: MakeProject) -> None:
    folder = make_project(GOOD.replace("- name: dev", "- name: dev\n  state_id_suffix: blue"))
    task, _ = plan(read_project(folder)).dags[0].tasks
    assert task.state_ids == ("dev:tap-csv-to-target-jsonl:blue",)
    task, _ = plan(read_project(folder), "prod").dags[0].tasks
    assert task.state_ids == ("prod:tap-csv-to-target-jsonl",)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("env: {BRANCH: blue}\n", "blue"),
        ("annotations: {meltano_pods: {env: {BRANCH: red}}}\n", "red"),
        ("env: {BRANCH: blue}\nannotations: {meltano_pods: {env: {BRANCH: red}}}\n", "blue"),
        # Only the run knows it.
        ("", "$BRANCH"),
    ],
)
def test_a_variable_in_the_environments_suffix(
    make_project: MakeProject, more: str, expected: str
) -> None:
    text = GOOD.replace("- name: dev", "- name: dev\n  state_id_suffix: $BRANCH") + more
    task, _ = plan(read_project(make_project(text))).dags[0].tasks
    assert task.state_ids == (f"dev:tap-csv-to-target-jsonl:{expected}",)


def test_without_an_environment_meltano_keeps_no_state(make_project: MakeProject) -> None:
    folder = make_project(GOOD.removeprefix("default_environment: dev\n"))
    assert [task.state_ids for task in plan(read_project(folder)).dags[0].tasks] == [(), ()]
