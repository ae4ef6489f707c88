"""What cannot run as its project is becomes a broken DAG, and takes no other with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.plan import ProjectPlan, plan
from meltano_pods.project import read_project

if TYPE_CHECKING:
    from tests.support.projects import MakeProject

PROJECT = """\
default_environment: dev
environments: [{name: dev}, {name: prod}]
plugins:
  extractors: [{name: tap-a}, {name: tap-c}]
  loaders: [{name: target-b}]
jobs:
- {name: load, tasks: [tap-a target-b]}
- {name: other, tasks: [tap-c target-b]}
schedules:
- {name: good, interval: '@daily', job: load}
- {name: bad, interval: '@hourly', job: other}
"""


def planned(
    make_project: MakeProject, old: str = "", new: str = "", environment: str | None = None
) -> ProjectPlan:
    assert old in PROJECT
    return plan(read_project(make_project(PROJECT.replace(old, new, 1))), environment)


def settings(of: str) -> str:
    return f"annotations: {{meltano_pods: {of}}}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{name: bad,", "{name: bad, loader: [x],"),
        ("job: other}", "job: others}"),
        ("job: other}", "job: other, env: {API_TOKEN: x}}"),
        ("job: other}", f"job: other, {settings('{retries: many}')}}}"),
        ("job: other}", f"job: other, {settings('{environment: prd}')}}}"),
        ("job: other}", f"job: other, {settings('{catchup: true}')}}}"),
        ("job: other}", f"job: other, {settings('{tasks: {x: {retries: 1}}}')}}}"),
        ("job: other}", f"job: other, {settings('{allowed_environments: [x]}')}}}"),
        ("[tap-c target-b]}", "[tap-c]}"),
        ("[tap-c target-b]}", "[]}"),
        ("[tap-c target-b]}", f"[tap-c target-b], {settings('{needs: [x]}')}}}"),
        ("[tap-c target-b]}", f"[tap-c target-b], {settings('{state: backend}')}}}"),
        ("{name: tap-c}", "{name: tap-c, variant: [x]}"),
        ("{name: tap-c}", f"{{name: tap-c, {settings('{polo: x}')}}}"),
    ],
)
def test_one_error_breaks_one_dag(make_project: MakeProject, old: str, new: str) -> None:
    if "loader: [x]" in new:
        old, new = "interval: '@hourly', job: other", "interval: '@hourly', loader: [x]"
        new += ", extractor: tap-c, transform: skip"
    found = planned(make_project, old, new)
    good = [dag.dag_id for dag in found.dags]
    assert good[0] == "shop.good"
    assert set(good) <= {"shop.good", "shop.job.other"}
    (broken,) = found.broken
    assert (broken.dag_id, broken.schedule) == ("shop.bad", "0 * * * *")
    assert broken.errors == found.errors
    assert len(broken.errors) == 1
    assert "broken" in broken.tags
    for part in (broken.errors[0].what, str(broken.errors[0].where), broken.errors[0].fix):
        assert part in broken.doc


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{name: prod}", "{name: prod, config: []}"),
        ("jobs:\n", "jobs:\n- {name: x}\n"),
        ("jobs:\n", "jobs:\n- {name: x, tasks: [tap-a target-b], retries: 1}\n"),
        ("schedules:\n", "schedules:\n- {name: x, job: load}\n"),
        ("{name: tap-c}]", "{name: tap-c}, {variant: x}]"),
    ],
)
def test_what_meltano_cannot_load_breaks_all(make_project: MakeProject, old: str, new: str) -> None:
    found = planned(make_project, old, new)
    assert found.dags == ()
    assert {"shop.good", "shop.bad"} <= {dag.dag_id for dag in found.broken}
    (error,) = found.errors
    assert all(dag.errors == (error,) for dag in found.broken)


def test_an_environment_breaks_what_runs_in_it(make_project: MakeProject) -> None:
    new = f"{{name: prod, {settings('{retires: 1}')}}}"
    found = planned(make_project, "{name: prod}", new)
    assert [dag.dag_id for dag in found.dags] == ["shop.good", "shop.bad"]
    assert len(found.errors) == 1
    found = planned(make_project, "{name: prod}", new, "prod")
    assert [dag.dag_id for dag in found.broken] == ["shop.good", "shop.bad"]


def test_a_wrong_environment_of_airflow_is_one_error(make_project: MakeProject) -> None:
    found = planned(make_project, environment="prd")
    assert len(found.errors) == 1
    assert [dag.dag_id for dag in found.broken] == ["shop.good", "shop.bad"]


def test_ids_of_good_dags_stay_whatever_is_broken(make_project: MakeProject) -> None:
    more = """\
- {name: good, interval: '@weekly', job: load}
- {name: 7, interval: '@monthly', job: load}
- {name: 'b a d', interval: 5, job: load}
- {name: b-a-d, interval: '@daily', extractor: tap-a, loader: target-b, transform: skip}
"""
    text = PROJECT + more
    found = plan(read_project(make_project(text)))
    assert [dag.dag_id for dag in found.dags] == ["shop.good", "shop.bad", "shop.b-a-d"]
    assert {dag.dag_id: dag.schedule for dag in found.broken} == {
        "shop.good--2": "0 0 * * 0",
        "shop.schedules-3": "0 0 1 * *",
        "shop.b-a-d--2": None,
    }


def test_a_broken_dag_keeps_the_settings_that_are_right(make_project: MakeProject) -> None:
    content = settings("{owner: data, notify: {email: [a@example.org]}, retries: -1, tags: [x]}")
    (broken,) = planned(make_project, "job: other}", f"job: other, {content}}}").broken
    assert broken.settings.owner == "data"
    assert broken.settings.notify.get("email") == ("a@example.org",)
    assert broken.settings.retries == 2
    assert broken.tags == ("shop", "broken", "x")
    assert broken.as_dict()["errors"][0]["where"].endswith("annotations.meltano_pods.retries")


def test_a_thousand_entries_that_meltano_rejects(make_project: MakeProject) -> None:
    jobs = "".join(f"- {{name: j{at}}}\n" for at in range(1_000))
    found = planned(make_project, "jobs:\n", f"jobs:\n{jobs}")
    assert len(found.errors) == 1_000
    assert len(found.broken) == 1_002
    assert max(len(dag.errors) for dag in found.broken) <= 6
