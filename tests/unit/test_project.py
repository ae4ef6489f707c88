from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import ProjectError
from meltano_pods.project import PluginType, read_project

from tests.unit.projects import GOOD, MakeProject

if TYPE_CHECKING:
    from pathlib import Path


def test_reads_what_a_project_defines(make_project: MakeProject) -> None:
    project = read_project(make_project(GOOD))

    assert project.name == "shop"
    assert project.default_environment == "dev"
    assert list(project.environments) == ["dev", "prod"]
    assert [(p.name, p.type) for p in project.plugins][:2] == [
        ("tap-csv", PluginType.EXTRACTORS),
        ("tap-shop", PluginType.EXTRACTORS),
    ]
    assert project.plugins[1].inherit_from == "tap-csv"
    assert [task.blocks for task in project.jobs["load"].tasks] == [
        ("tap-csv", "target-jsonl"),
        ("dbt:run",),
    ]
    assert project.schedules["daily"].job == "load"
    assert str(project.schedules["daily"].where) == (
        "meltano/shop/meltano.yml, line 26, key schedules[0]"
    )


def test_plugin_configuration_stays_unread(make_project: MakeProject) -> None:
    assert "hunter2" not in repr(read_project(make_project(GOOD)))


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ("tap-csv target-jsonl", [("tap-csv", "target-jsonl")]),
        ("[tap-csv target-jsonl, dbt:run]", [("tap-csv", "target-jsonl"), ("dbt:run",)]),
        ("[[tap-csv, target-jsonl], [dbt:run]]", [("tap-csv", "target-jsonl"), ("dbt:run",)]),
        ("[[tap-csv target-jsonl, dbt:run]]", [("tap-csv", "target-jsonl", "dbt:run")]),
        ("[tap-csv hide-emails target-jsonl]", [("tap-csv", "hide-emails", "target-jsonl")]),
    ],
)
def test_tasks_in_every_form(
    make_project: MakeProject, tasks: str, expected: list[tuple[str, ...]]
) -> None:
    text = GOOD[: GOOD.index("jobs:")] + f"jobs: [{{name: load, tasks: {tasks}}}]\n"
    assert [t.blocks for t in read_project(make_project(text)).jobs["load"].tasks] == expected


def test_yaml_is_read_as_meltano_reads_it(make_project: MakeProject) -> None:
    # YAML 1.1 would make booleans of these names.
    text = GOOD + "- {name: on, interval: '@daily', job: yes}\n"
    text = text.replace("- name: load", "- name: yes\n  tasks: dbt:run\n- name: load")
    assert read_project(make_project(text)).schedules["on"].job == "yes"


def test_merge_keys_and_anchors(make_project: MakeProject) -> None:
    text = GOOD + "- &a {name: a, interval: '@hourly', job: load}\n- {<<: *a, name: b}\n"
    schedules = read_project(make_project(text)).schedules
    assert (schedules["b"].interval, schedules["b"].job) == ("@hourly", "load")


def test_included_files_are_joined(make_project: MakeProject) -> None:
    folder = make_project(
        GOOD + "include_paths: ['./more*.yml']\n",
        more="jobs: [{name: extra, tasks: dbt:run}]\n",
        more2="schedules: [{name: weekly, interval: '@weekly', job: extra}]\n",
    )
    project = read_project(folder)
    assert list(project.jobs) == ["load", "extra"]
    assert project.schedules["weekly"].where.file == "meltano/shop/more2.yml"


def test_interval_may_be_nothing(make_project: MakeProject) -> None:
    text = GOOD.replace("interval: '@daily'", "interval:")
    assert read_project(make_project(text)).schedules["daily"].interval is None


def test_a_folder_without_meltano_yml(tmp_path: Path) -> None:
    folder = tmp_path / "meltano" / "empty"
    folder.mkdir(parents=True)
    with pytest.raises(ProjectError, match=r"there is no meltano\.yml") as caught:
        read_project(folder)
    assert "meltano/empty/meltano.yml" in str(caught.value)
