"""Where the state of a task is kept; tests/meltano compares the addresses with Meltano's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import SettingsError
from meltano_pods.plan import TaskPlan, plan
from meltano_pods.plan.explain import explain_settings
from meltano_pods.pods.spec.options import build_pod_options
from meltano_pods.project import read_project
from meltano_pods.settings.deployment.read import parse_deployment
from meltano_pods.tasks.deployment import build_deployment

from tests.support.checkout import ROOT
from tests.support.projects import GOOD, MakeProject, sound_plan

if TYPE_CHECKING:
    from meltano_pods.pods.spec.options import PodOptions

ROOT_KEYS = "annotations: {meltano_pods: {%s}}\n"
URI = "MELTANO_STATE_BACKEND_URI"
OVERRIDE = f"pod_override: {{spec: {{containers: [{{name: meltano, env: [{{name: {URI}, value: s3://b}}]}}]}}}}"


def planned(make_project: MakeProject, more: str, settings: str = "", **files: str) -> TaskPlan:
    text = GOOD + more + (ROOT_KEYS % settings if settings else "")
    return sound_plan(make_project(text, **files)).dags[0].tasks[0]


def pod(task: TaskPlan, **settings: str) -> PodOptions:
    return build_pod_options(task, build_deployment(ROOT, parse_deployment(settings), None), "shop")


@pytest.mark.parametrize(
    ("more", "settings", "expected"),
    [
        ("", "", "database"),
        ("state_backend: {uri: s3://bucket/state}", "", "backend"),
        ("state_backend.uri: s3://bucket/state", "", "backend"),
        ("state_backend: {uri: systemdb}", "", "database"),
        ("state_backend:", "", "database"),
        ("state_backend: {uri: }", "", "database"),
        ("state_backend: {lock_timeout_seconds: 5}", "", "database"),
        ("state_backend: {uri: $BUCKET}", "", "backend"),
        ("state_backend: {uri: $PLACE}", "env: {PLACE: systemdb}", "database"),
        (
            "state_backend: {uri: $PLACE}\nenv: {PLACE: systemdb}",
            "env: {PLACE: s3://x}",
            "database",
        ),
        ("env: {MELTANO_STATE_BACKEND_URI: s3://bucket}", "", "backend"),
        ("env: {MELTANO_STATE_BACKEND_URI: s3://b}", f"env: {{{URI}: systemdb}}", "backend"),
        ("", f"env: {{{URI}: s3://bucket}}", "backend"),
        ("", f"secret_env: {{{URI}: {{}}}}", "backend"),
        ("", f"state: backend, secret_env: {{{URI}: {{}}}}", "backend"),
        ("state_backend: {uri: s3://bucket}", "state: backend", "backend"),
        ("state_backend: {uri: s3://bucket}", f"env: {{{URI}: systemdb}}", "database"),
        ("state_backend: {uri: systemdb}", f"env: {{{URI}: gs://bucket}}", "backend"),
        ("", OVERRIDE, "backend"),
    ],
)
def test_where_it_is(make_project: MakeProject, more: str, settings: str, expected: str) -> None:
    task = planned(make_project, f"{more}\n", settings)
    assert task.settings.state == expected
    # Only a database that keeps the state is demanded.
    assert (pod(task).database_secret is None) == (expected == "backend")


def test_a_variable_of_the_schedule(make_project: MakeProject) -> None:
    text = GOOD + f"  env: {{{URI}: s3://bucket}}\n"
    task = plan(read_project(make_project(text))).dags[0].tasks[0]
    assert task.settings.state == "backend"


def test_an_included_file_wins(make_project: MakeProject) -> None:
    more = "include_paths: [included.yml]\nstate_backend: {uri: s3://bucket}\n"
    task = planned(make_project, more, included="state_backend: {uri: systemdb}\n")
    assert task.settings.state == "database"


def test_what_sets_the_place(make_project: MakeProject) -> None:
    task = planned(make_project, "state_backend:\n  uri: s3://bucket\n")
    (found,) = [
        each for each in explain_settings(task, parse_deployment({})) if each.key == "state"
    ]
    assert (found.value, found.level) == ("backend", "meltano")
    assert found.where == "meltano/shop/meltano.yml:30"


def test_the_address_is_shown_nowhere(make_project: MakeProject) -> None:
    """Meltano takes credentials in it."""
    folder = make_project(GOOD + "state_backend: {uri: 's3://key:hunter2@bucket'}\n")
    project = read_project(folder)
    task = plan(project).dags[0].tasks[0]
    assert "hunter2" not in repr(project)
    assert "hunter2" not in repr(
        (task, task.as_dict(), pod(task), explain_settings(task, parse_deployment({})))
    )


@pytest.mark.parametrize(
    ("more", "settings", "parts"),
    [
        ("", "state: backend", ("neither meltano.yml has `state_backend.uri`", "secret_env")),
        ("state_backend: {uri: systemdb}\n", "state: backend", ("`systemdb`", "line 29")),
        ("", f"state: backend, env: {{{URI}: systemdb}}", (f"{URI} is `systemdb`",)),
        (
            "state_backend: {uri: 's3://key:hunter2@bucket'}\n", "state: database",
            ("`state_backend.uri` sets another place", "meltano.yml, line 29", "Remove `state`"),
        ),
        ("", f"state: database, env: {{{URI}: s3://b}}", (f"{URI} sets another place",)),
    ],
)  # fmt: skip
def test_contradictions(
    make_project: MakeProject, more: str, settings: str, parts: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsError) as caught:
        planned(make_project, more, settings)
    assert "annotations.meltano_pods.state" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


def test_the_fix_of_a_contradiction_works(make_project: MakeProject) -> None:
    settings = f"state: database, env: {{{URI}: systemdb}}"
    assert (
        planned(make_project, "state_backend: {uri: s3://b}\n", settings).settings.state
        == "database"
    )
    found = pod(planned(make_project, "state_backend: {uri: s3://b}\n", "database_secret: own"))
    assert found.database_secret == "own"


def test_a_folder_ends_with_the_pod(make_project: MakeProject) -> None:
    more = "state_backend: {uri: 'file:///state'}\n"
    task = planned(make_project, more)  # a process keeps it
    with pytest.raises(SettingsError, match="line 29") as caught:
        pod(task)
    assert "is lost with the pod" in str(caught.value)
    assert pod(planned(make_project, more, "state: backend")).database_secret is None


def test_two_dags_are_not_kept_apart_by_a_bucket(make_project: MakeProject) -> None:
    text = GOOD + "- {name: hourly, interval: '@hourly', job: load}\n"
    made = plan(read_project(make_project(text + "state_backend: {uri: s3://bucket}\n")))
    assert "overwrites the other's bookmarks" in str((*made.errors, *made.warnings)[0])


@pytest.mark.parametrize(
    ("settings", "same"),
    [
        ("database_secret: own", True),
        ("secret_env: {MELTANO_DATABASE_URI: {key: ORDERS}}", True),
        ("retries: 1", False),
    ],
)
def test_a_database_beside_the_bucket_keeps_them_apart(
    make_project: MakeProject, settings: str, *, same: bool
) -> None:
    text = GOOD.replace("schedules:", "- {name: again, tasks: tap-csv target-jsonl}\nschedules:")
    bucket = "state_backend: {uri: s3://bucket}\n"
    made = plan(read_project(make_project(text + bucket + ROOT_KEYS % settings)))
    (found,) = (*made.errors, *made.warnings)
    assert ("already_running" in found.what) == same
    assert (found in made.warnings) == same


@pytest.mark.parametrize("uri", ["[a]", "''", "5"])
def test_an_address_that_is_none(make_project: MakeProject, uri: str) -> None:
    with pytest.raises(Exception, match=r"key state_backend\.uri"):
        planned(make_project, f"state_backend: {{uri: {uri}}}\n")


def test_nothing_of_this_machine_counts_in_a_pod(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URI, "s3://bucket")
    folder = make_project(GOOD)
    (folder / ".env").write_text(f"{URI}=s3://bucket\n")
    assert plan(read_project(folder)).dags[0].tasks[0].settings.state == "database"
