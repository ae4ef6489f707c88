"""The order of tasks: valid and invalid values of `needs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import SettingsError
from meltano_pods.plan.graph import find_ancestors

from tests.support.projects import sound_plan

if TYPE_CHECKING:
    from meltano_pods.plan import DagPlan

    from tests.support.projects import MakeProject

PROJECT = """\
plugins:
  extractors: [{name: tap-a}, {name: tap-b}, {name: tap-c}]
  loaders: [{name: target}]
  utilities: [{name: dbt}]
jobs:
- name: load
  tasks: [tap-a target, tap-b target, tap-c target, 'dbt:run']
  annotations:
    meltano_pods: {job}
schedules:
- name: daily
  job: load
  interval: '@daily'
  annotations:
    meltano_pods: {schedule}
"""
A, B, C, DBT = "tap-a-to-target", "tap-b-to-target", "tap-c-to-target", "dbt-run"


def dag(make_project: MakeProject, job: str, schedule: str = "{}") -> DagPlan:
    text = PROJECT.replace("{job}", job).replace("{schedule}", schedule)
    return sound_plan(make_project(text)).dags[0]


SHAPES: dict[str, tuple[str, str, dict[str, set[str]]]] = {
    "one after another": ("{}", "{}", {A: set(), B: {A}, C: {B}, DBT: {C}}),
    "all at once": ("{needs: []}", "{}", {A: set(), B: set(), C: set(), DBT: set()}),
    "branches, then one": (
        "{needs: [], tasks: {dbt-run: {needs: all}}}", "{}",
        {A: set(), B: set(), C: set(), DBT: {A, B, C}},
    ),
    "a branch of its own": (
        f"{{tasks: {{{C}: {{needs: []}}, dbt-run: {{needs: [{A}, {C}]}}}}}}", "{}",
        {A: set(), B: {A}, C: set(), DBT: {A, C}},
    ),
    "all, without edges that others imply": (
        "{tasks: {dbt-run: {needs: all}}}", "{}", {A: set(), B: {A}, C: {B}, DBT: {C}},
    ),
    "backwards": (
        f"{{needs: [dbt-run], tasks: {{{B}: {{needs: [{C}, {C}]}}}}}}", "{}",
        {A: {DBT}, B: {C}, C: {DBT}, DBT: set()},
    ),
    "the schedule has the last word": (
        f"{{needs: [], tasks: {{{B}: {{needs: all}}}}}}", f"{{tasks: {{{B}: {{needs: []}}}}}}",
        {A: set(), B: set(), C: set(), DBT: set()},
    ),
    "a task's own word comes before the schedule's for all": (
        f"{{tasks: {{{B}: {{needs: all}}}}}}", "{needs: []}",
        {A: set(), B: {A}, C: set(), DBT: set()},
    ),
    "nothing said again": (
        f"{{needs: [], tasks: {{{B}: {{needs: null}}}}}}", "{}",
        {A: set(), B: {A}, C: set(), DBT: set()},
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(make_project: MakeProject, shape: str) -> None:
    job, schedule, expected = SHAPES[shape]
    found = dag(make_project, job, schedule)
    assert {task.task_id: set(task.upstream) for task in found.tasks} == expected
    assert [task.task_id for task in found.tasks] == [A, B, C, DBT]


def test_leaves_and_ancestors(make_project: MakeProject) -> None:
    found = dag(make_project, "{needs: [], tasks: {dbt-run: {needs: all}}}")
    assert found.find_leaves() == (DBT,)
    assert dag(make_project, "{needs: []}").find_leaves() == (A, B, C, DBT)
    chain = {task.task_id: task.upstream for task in dag(make_project, "{}").tasks}
    assert find_ancestors(chain, DBT) == {A, B, C}


REFUSED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "itself": (
        f"{{tasks: {{{A}: {{needs: [{A}]}}}}}}", "{}",
        (f"circular `needs`: {A} -> {A}", "line 9", f"tasks.{A}.needs"),
    ),
    "a cycle of two": (
        f"{{tasks: {{{A}: {{needs: [{B}]}}, {B}: {{needs: [{A}]}}}}}}", "{}",
        (f"{A} -> {B} -> {A}", "Remove one of them"),
    ),
    "a cycle by the order": (
        f"{{tasks: {{{A}: {{needs: [{C}]}}}}}}", "{}", (f"{A} -> {C} -> {B} -> {A}", "line 9"),
    ),
    "a cycle of job and schedule": (
        f"{{needs: [], tasks: {{{A}: {{needs: [{B}]}}}}}}", f"{{tasks: {{{B}: {{needs: [{A}]}}}}}}",
        (f"{A} -> {B} -> {A}",),
    ),
    "no such task needed": (
        "{tasks: {dbt-run: {needs: [tap-a-to-targt]}}}", "{}",
        (
            "unknown task `tap-a-to-targt` in `needs` of `dbt-run`", f"Did you mean `{A}`?",
            "key jobs[0]", "line 9",
        ),
    ),
    "no such task": (
        "{tasks: {dbt_run: {retries: 1}}}", "{}",
        ("there is no task `dbt_run`", "Did you mean `dbt-run`?", "tasks.dbt_run"),
    ),
    "no such task of the schedule": (
        "{}", "{tasks: {dbt_run: {}}}", ("there is no task `dbt_run`", "line 15"),
    ),
    "no map of tasks": ("{tasks: [dbt-run]}", "{}", ("`tasks` takes a map, found list",)),
    "no map of a task": (
        "{tasks: {dbt-run: 3}}", "{}", ("`tasks.dbt-run` takes a map, found int", "tasks.dbt-run"),
    ),
    "unknown key": (
        "{tasks: {dbt-run: {need: []}}}", "{}",
        ("unknown setting `need`", "Did you mean `needs`?", "meltano_pods.tasks.dbt-run.need"),
    ),
    "bad value": (
        "{tasks: {dbt-run: {retries: -1}}}", "{}",
        ("takes a whole number, 0 to 100", "tasks.dbt-run.retries"),
    ),
    "of the whole DAG": (
        "{tasks: {dbt-run: {catchup: true}}}", "{}",
        ("`catchup` may not be set at task level", "project, environment, job, schedule"),
    ),
    "a word": ("{needs: none}", "{}", ("a list of task ids, or `all`", "found 'none'")),
    "tasks in tasks": (
        "{tasks: {dbt-run: {tasks: {}}}}", "{}", ("`tasks` may not be set at task level",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(make_project: MakeProject, case: str) -> None:
    job, schedule, parts = REFUSED[case]
    with pytest.raises(SettingsError) as caught:
        dag(make_project, job, schedule)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("key", ["needs: []", "tasks: {}"])
@pytest.mark.parametrize("level", ["project", "environment", "plugin"])
def test_levels_that_have_no_tasks(make_project: MakeProject, level: str, key: str) -> None:
    content = f"annotations: {{meltano_pods: {{{key}}}}}"
    text = PROJECT.replace("{job}", "{}").replace("{schedule}", "{}")
    text += {
        "project": content,
        "environment": f"environments: [{{name: dev, {content}}}]",
        "plugin": "",
    }[level]
    if level == "plugin":
        text = text.replace("{name: dbt}", f"{{name: dbt, {content}}}")
    with pytest.raises(SettingsError, match=f"may not be set at {level} level") as caught:
        sound_plan(make_project(text))
    assert "job, schedule" in str(caught.value)


def test_a_tasks_settings_are_its_own(make_project: MakeProject) -> None:
    content = "{retries: 3, env: {A: job}, tasks: {dbt-run: {retries: 0, env: {B: task}}}}"
    *others, dbt = dag(make_project, content, "{env: {B: schedule}}").tasks
    assert (dbt.settings.retries, dbt.env) == (0, {"A": "job", "B": "task"})
    assert {task.settings.retries for task in others} == {3}
    assert others[0].env == {"A": "job", "B": "schedule"}


def test_a_thousand_tasks_in_a_row(make_project: MakeProject) -> None:
    tasks = ", ".join(["tap-a target"] * 1500)
    text = PROJECT.replace("tap-a target, tap-b target, tap-c target, 'dbt:run'", tasks)
    text = text.replace("{job}", "{}").replace("{schedule}", "{}")
    assert len(sound_plan(make_project(text)).dags[0].tasks) == 1500
