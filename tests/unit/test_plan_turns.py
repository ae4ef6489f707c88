"""Two that write one state take turns, or are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import ProjectError, SettingsError
from meltano_pods.plan import ProjectPlan, plan
from meltano_pods.plan.turns import refuse_clashes
from meltano_pods.project import read_project

if TYPE_CHECKING:
    from tests.unit.projects import MakeProject

PROJECT = """\
default_environment: dev
environments: [{name: dev}, {name: prod}]
plugins:
  extractors: [{name: tap-a}, {name: tap-b}]
  loaders: [{name: target}]
schedules:
- {name: hourly, job: small, interval: '@hourly'}
- {name: daily, job: large, interval: '@daily'}
- {name: alone, extractor: tap-a, loader: target, transform: skip, interval: '@daily'}
jobs:
- name: small
  tasks: [tap-a target]
- name: large
  tasks: [tap-a target, tap-b target]
"""
PAIR, OTHER = "tap-a-to-target", "tap-b-to-target"


def planned(make_project: MakeProject, text: str = PROJECT) -> ProjectPlan:
    return plan(read_project(make_project(text)))


def pools(planned: ProjectPlan) -> dict[str, str | None]:
    return {f"{dag.dag_id} {task.task_id}": task.pool for dag in planned.dags for task in dag.tasks}


def test_two_dags_of_one_state(make_project: MakeProject) -> None:
    found = planned(make_project)
    (clash,) = found.clashes
    assert (clash.first, clash.second) == ("shop.hourly", "shop.daily")
    assert clash.state_id == "dev:tap-a-to-target"
    assert clash.guarded
    with pytest.raises(ProjectError) as caught:
        refuse_clashes([found])
    for part in ("`shop.hourly`", "`shop.daily`", "line 8, key schedules[1]", "state_pool: NAME"):
        assert part in str(caught.value)


def test_with_a_state_backend_nothing_guards_them(make_project: MakeProject) -> None:
    said = "{state: backend, secret_env: {MELTANO_STATE_BACKEND_URI: {}}}"
    text = PROJECT.replace(
        "- name: large\n", f"- name: large\n  annotations: {{meltano_pods: {said}}}\n"
    )
    (clash,) = planned(make_project, text).clashes
    assert not clash.guarded
    assert "each would overwrite the other's bookmarks" in str(clash.error())


def test_a_pool_for_those_alone_that_share(make_project: MakeProject) -> None:
    said = "annotations: {meltano_pods: {pool: warehouse, state_pool: turns}}\n"
    found = planned(make_project, PROJECT + said)
    refuse_clashes([found])
    assert pools(found) == {
        f"shop.hourly {PAIR}": "turns",
        f"shop.daily {PAIR}": "turns",
        f"shop.daily {OTHER}": "warehouse",
        f"shop.alone {PAIR}": "warehouse",
    }


def test_two_pools_keep_nothing_apart(make_project: MakeProject) -> None:
    said = "  annotations: {meltano_pods: {state_pool: one}}\n- name: large\n"
    text = PROJECT.replace("- name: large\n", said)
    assert planned(make_project, text).clashes
    text = text.replace("name: large\n", "name: large\n" + said.splitlines()[0] + "\n")
    assert not planned(make_project, text).clashes
    assert planned(make_project, text.replace("pool: one", "pool: two", 1)).clashes


def test_another_environment_is_another_state(make_project: MakeProject) -> None:
    said = "  annotations: {meltano_pods: {environment: prod}}\n- name: large\n"
    assert not planned(make_project, PROJECT.replace("- name: large\n", said)).clashes


def test_a_refused_dag_refuses_no_other(make_project: MakeProject) -> None:
    said = "{state: backend, secret_env: {MELTANO_STATE_BACKEND_URI: {}}}"
    third = "- {name: third, tasks: [tap-b target]}"
    text = f"{PROJECT}{third}\nannotations: {{meltano_pods: {said}}}\n"
    assert [clash.second for clash in planned(make_project, text).clashes] == ["shop.daily"]


PARALLEL = """\
plugins:
  extractors: [{name: tap}]
  loaders: [{name: target}]
  utilities: [{name: dbt}]
default_environment: dev
environments: [{name: dev}]
jobs:
- name: twice
  tasks: [tap target, 'dbt:run', tap target]
  annotations:
    meltano_pods: {said}
"""


def test_parallel_branches_of_one_state(make_project: MakeProject) -> None:
    with pytest.raises(SettingsError) as caught:
        planned(make_project, PARALLEL.replace("{said}", "{needs: []}"))
    for part in ("`tap-to-target` and `tap-to-target--2`", "dev:tap-to-target", "line 8"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "said",
    ["{}", "{needs: [], tasks: {tap-to-target--2: {needs: [dbt-run]}, dbt-run: {needs: all}}}"],
)
def test_one_after_another_no_pool_is_needed(make_project: MakeProject, said: str) -> None:
    found = planned(make_project, PARALLEL.replace("{said}", said))
    assert set(pools(found).values()) == {None}


def test_parallel_branches_take_turns(make_project: MakeProject) -> None:
    found = planned(make_project, PARALLEL.replace("{said}", "{needs: [], state_pool: turns}"))
    assert list(pools(found).values()) == ["turns", None, "turns"]


@pytest.mark.parametrize(
    "said", ["{backfill_state: shared}", "{tasks: {tap-to-target: {backfill_state: shared}}}"]
)
def test_one_after_another_but_in_runs_of_a_backfill(make_project: MakeProject, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        planned(make_project, PARALLEL.replace("{said}", said))
    for part in ("`tap-to-target--2`", "a backfill shares it", "line 8", "backfill_state: own"):
        assert part in str(caught.value)
    turns = "{state_pool: turns, " + said[1:]
    found = planned(make_project, PARALLEL.replace("{said}", turns))
    assert list(pools(found).values()) == ["turns", None, "turns"]


def test_a_task_alone_with_its_state_needs_no_pool(make_project: MakeProject) -> None:
    text = PARALLEL.replace("{said}", "{backfill_state: shared}").replace(", tap target]", "]")
    assert set(pools(planned(make_project, text)).values()) == {None}


def test_two_projects_of_one_dag_id(make_project: MakeProject) -> None:
    text = PARALLEL.replace("{said}", "{}")
    plans = [plan(read_project(make_project(text, name))) for name in ("a b", "a-b", "c")]
    with pytest.raises(ProjectError) as caught:
        refuse_clashes(plans)
    for part in ("`a-b.job.twice` comes from two projects", "meltano/a b/", "meltano/a-b/"):
        assert part in str(caught.value)


def test_all_that_is_wrong_is_told_at_once(make_project: MakeProject) -> None:
    first = plan(read_project(make_project(PROJECT, "a")))
    second = plan(read_project(make_project(PROJECT, "b")))
    with pytest.raises(ProjectError) as caught:
        refuse_clashes([first, second])
    assert len(caught.value.others) == 1
    assert "`a.daily`" in str(caught.value)
    assert "`b.daily`" in str(caught.value)


def test_a_dag_that_meltano_keeps_apart_still_counts_for_its_other_states(
    make_project: MakeProject,
) -> None:
    backend = "{state: backend, env: {MELTANO_STATE_BACKEND_URI: 's3://bucket'}}"
    jobs = f"""\
jobs:
- {{name: one, tasks: tap-a target}}
- name: two
  tasks: [tap-a target, tap-b target]
  annotations: {{meltano_pods: {{tasks: {{{OTHER}: {backend}}}}}}}
- name: three
  tasks: tap-b target
  annotations: {{meltano_pods: {backend}}}
- name: four
  tasks: [tap-a target, tap-b target]
"""
    found = planned(make_project, PROJECT[: PROJECT.index("schedules:")] + jobs).clashes
    assert [(each.second, each.guarded) for each in found] == [
        ("shop.job.two", True),
        ("shop.job.three", False),
        # Of its two the one that Meltano does not see counts.
        ("shop.job.four", False),
    ]
