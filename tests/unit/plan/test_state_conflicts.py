"""Two that write one state run one at a time, or are reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.plan import plan
from meltano_pods.project import read_project

if TYPE_CHECKING:
    from meltano_pods.errors import ProjectError
    from meltano_pods.plan import ProjectPlan

    from tests.support.projects import MakeProject

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


BACKEND = "{state: backend, secret_env: {MELTANO_STATE_BACKEND_URI: {}}}"
MANUAL = PROJECT[: PROJECT.index("schedules:")] + PROJECT[PROJECT.index("jobs:") :]


def place(error: ProjectError) -> str:
    return str(error.where)


def test_two_schedules_that_meltano_keeps_apart_are_an_error_and_both_run(
    make_project: MakeProject,
) -> None:
    found = planned(make_project)
    (error,) = found.errors
    assert place(error).endswith("line 8, key schedules[1]")
    for part in ("`shop.hourly`", "`shop.daily`", "state_pool: NAME", "dev:tap-a-to-target"):
        assert part in str(error)
    assert "already_running" in error.what
    assert not found.warnings
    assert [dag.dag_id for dag in found.dags] == ["shop.hourly", "shop.daily", "shop.alone"]
    assert error.what in found.dags[1].doc


def test_two_schedules_that_nothing_keeps_apart_break_the_later_one(
    make_project: MakeProject,
) -> None:
    found = planned(make_project, f"{PROJECT}annotations: {{meltano_pods: {BACKEND}}}\n")
    assert [dag.dag_id for dag in found.dags] == ["shop.hourly", "shop.alone"]
    (broken,) = found.broken
    assert (broken.dag_id, broken.schedule) == ("shop.daily", "0 0 * * *")
    assert broken.errors == found.errors
    assert "overwrites the other's bookmarks" in broken.errors[0].what


def test_one_schedule_of_two_is_a_warning_where_meltano_keeps_them_apart(
    make_project: MakeProject,
) -> None:
    text = PROJECT.replace("- {name: daily, job: large, interval: '@daily'}\n", "")
    found = planned(make_project, text)
    assert (found.errors, found.broken) == ((), ())
    (warning,) = found.warnings
    assert "`shop.hourly` and `shop.job.large`" in warning.what
    found = planned(make_project, f"{text}annotations: {{meltano_pods: {BACKEND}}}\n")
    assert [dag.dag_id for dag in found.broken] == ["shop.job.large"]


def test_manual_dags_are_a_warning_whatever_keeps_their_state(make_project: MakeProject) -> None:
    found = planned(make_project, MANUAL)
    assert (found.errors, found.broken, len(found.warnings)) == ((), (), 1)
    assert "already_running" in found.warnings[0].what
    found = planned(make_project, f"{MANUAL}annotations: {{meltano_pods: {BACKEND}}}\n")
    assert (found.errors, found.broken, len(found.warnings)) == ((), (), 1)
    assert "nothing separates them" in found.warnings[0].what


def test_an_interval_that_never_comes_is_no_schedule(make_project: MakeProject) -> None:
    text = PROJECT.replace("job: large, interval: '@daily'", "job: large, interval: '@manual'")
    found = planned(make_project, text)
    assert (found.errors, len(found.warnings)) == ((), 1)


def test_one_state_in_a_backend_is_enough(make_project: MakeProject) -> None:
    text = PROJECT.replace(
        "- name: large\n", f"- name: large\n  annotations: {{meltano_pods: {BACKEND}}}\n"
    )
    assert [dag.dag_id for dag in planned(make_project, text).broken] == ["shop.daily"]


def test_a_pool_for_those_alone_that_share(make_project: MakeProject) -> None:
    content = "annotations: {meltano_pods: {pool: warehouse, state_pool: turns}}\n"
    found = planned(make_project, PROJECT + content)
    assert (found.errors, found.warnings) == ((), ())
    assert pools(found) == {
        f"shop.hourly {PAIR}": "turns",
        f"shop.daily {PAIR}": "turns",
        f"shop.daily {OTHER}": "warehouse",
        f"shop.alone {PAIR}": "warehouse",
    }


def test_two_pools_keep_nothing_apart(make_project: MakeProject) -> None:
    content = "  annotations: {meltano_pods: {state_pool: one}}\n- name: large\n"
    text = PROJECT.replace("- name: large\n", content)
    assert planned(make_project, text).errors
    text = text.replace("name: large\n", "name: large\n" + content.splitlines()[0] + "\n")
    assert not planned(make_project, text).errors
    assert planned(make_project, text.replace("pool: one", "pool: two", 1)).errors


def test_another_environment_is_another_state(make_project: MakeProject) -> None:
    content = "  annotations: {meltano_pods: {environment: prod}}\n- name: large\n"
    assert not planned(make_project, PROJECT.replace("- name: large\n", content)).errors


def test_a_broken_dag_breaks_no_other(make_project: MakeProject) -> None:
    third = "- {name: third, tasks: [tap-b target]}"
    text = f"{PROJECT}{third}\nannotations: {{meltano_pods: {BACKEND}}}\n"
    assert [dag.dag_id for dag in planned(make_project, text).broken] == ["shop.daily"]


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
    meltano_pods: {content}
"""


def test_parallel_branches_of_one_state(make_project: MakeProject) -> None:
    (error,) = planned(make_project, PARALLEL.replace("{content}", "{needs: []}")).errors
    for part in ("`tap-to-target` and `tap-to-target--2`", "dev:tap-to-target", "line 8"):
        assert part in str(error)


@pytest.mark.parametrize(
    "content",
    ["{}", "{needs: [], tasks: {tap-to-target--2: {needs: [dbt-run]}, dbt-run: {needs: all}}}"],
)
def test_one_after_another_no_pool_is_needed(make_project: MakeProject, content: str) -> None:
    found = planned(make_project, PARALLEL.replace("{content}", content))
    assert set(pools(found).values()) == {None}


def test_parallel_branches_take_turns(make_project: MakeProject) -> None:
    found = planned(make_project, PARALLEL.replace("{content}", "{needs: [], state_pool: turns}"))
    assert list(pools(found).values()) == ["turns", None, "turns"]


@pytest.mark.parametrize(
    "content", ["{backfill_state: shared}", "{tasks: {tap-to-target: {backfill_state: shared}}}"]
)
def test_one_after_another_but_in_runs_of_a_backfill(
    make_project: MakeProject, content: str
) -> None:
    (error,) = planned(make_project, PARALLEL.replace("{content}", content)).errors
    for part in ("`tap-to-target--2`", "a backfill shares it", "line 8", "backfill_state: own"):
        assert part in str(error)
    turns = "{state_pool: turns, " + content[1:]
    found = planned(make_project, PARALLEL.replace("{content}", turns))
    assert list(pools(found).values()) == ["turns", None, "turns"]


def test_a_task_alone_with_its_state_needs_no_pool(make_project: MakeProject) -> None:
    text = PARALLEL.replace("{content}", "{backfill_state: shared}").replace(", tap target]", "]")
    assert set(pools(planned(make_project, text)).values()) == {None}


def test_a_dag_that_meltano_keeps_apart_still_counts_for_its_other_states(
    make_project: MakeProject,
) -> None:
    backend = "{state: backend, env: {MELTANO_STATE_BACKEND_URI: 's3://bucket'}}"
    text = f"""\
schedules:
- {{name: nightly, interval: '@daily', job: two}}
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
    found = planned(make_project, PROJECT[: PROJECT.index("schedules:")] + text)
    # Of several conflicts of a DAG the worst counts: the one of which Meltano knows nothing.
    assert [dag.dag_id for dag in found.broken] == ["shop.job.three", "shop.job.four"]
    (warning,) = found.warnings
    assert "`shop.nightly` and `shop.job.one`" in warning.what
