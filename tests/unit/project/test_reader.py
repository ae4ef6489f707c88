from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import ProjectError
from meltano_pods.project import PluginType, read_project

from tests.support.projects import GOOD, MakeProject, errors_in

if TYPE_CHECKING:
    from pathlib import Path


def test_reads_what_a_project_defines(make_project: MakeProject) -> None:
    project = read_project(make_project(GOOD))

    assert project.name == "shop"
    assert project.default_environment is not None
    assert project.default_environment.name == "dev"
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
        ("[[tap-csv, [target-jsonl, [dbt:run]]]]", [("tap-csv", "target-jsonl", "dbt:run")]),
        # Meltano runs all blocks as one sequence, so these make a whole only together.
        ("[tap-csv, target-jsonl, dbt:run]", [("tap-csv", "target-jsonl"), ("dbt:run",)]),
        (
            "[dbt, tap-csv hide-emails, target-jsonl]",
            [("dbt",), ("tap-csv", "hide-emails", "target-jsonl")],
        ),
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


def test_of_equal_names_the_first_type_counts(make_project: MakeProject) -> None:
    text = GOOD.replace("name: dbt", "name: hide-emails").replace("dbt:run", "hide-emails:run")
    plugin = read_project(make_project(text)).find_plugin("hide-emails:run")
    assert plugin is not None
    assert plugin.type is PluginType.UTILITIES


def test_values_of_environment_variables_are_as_written(make_project: MakeProject) -> None:
    text = GOOD + "  env: {A: 1.10, B: 007, C: 0x1F, D: '', E: 2026-01-01}\n"
    env = read_project(make_project(text)).schedules["daily"].env
    assert env == {"A": "1.10", "B": "007", "C": "0x1F", "D": "", "E": "2026-01-01"}


def test_the_last_file_says_what_is_no_list(make_project: MakeProject) -> None:
    folder = make_project(
        GOOD + "include_paths: [b.yml, a.yml]\n"
        "annotations: {meltano_pods: {owner: one, env: {A: one, B: one}}}\n",
        a="annotations: {meltano_pods: {env: {A: three}}}\n",
        b="default_environment: prod\nannotations: {meltano_pods: {env: {A: two}, tags: [x]}}\n",
    )
    project = read_project(folder)
    assert project.default_environment is not None
    assert project.default_environment.name == "prod"
    content = {"owner": "one", "env": {"A": "three", "B": "one"}, "tags": ["x"]}
    assert project.annotations.values == content
    assert project.annotations.places["env.A"].file == "meltano/shop/a.yml"


def test_a_submodule_and_projects_side_by_side(make_project: MakeProject) -> None:
    first, second = make_project(GOOD, "first"), make_project(GOOD, "second")
    (first / ".git").write_text("gitdir: ../../.git/modules/meltano/first\n")
    assert read_project(first).digest == read_project(second).digest


def test_tags_that_yaml_defines(make_project: MakeProject) -> None:
    text = GOOD.replace("name: load", "name: !!str 7").replace("job: load", "job: !!str 7")
    assert read_project(make_project(text)).schedules["daily"].job == "7"


def test_a_loader_that_meltano_would_take_for_an_extractor(make_project: MakeProject) -> None:
    text = GOOD.replace("name: target-jsonl", "name: tap-shop").replace(
        "csv target-jsonl", "csv hide-emails tap-shop"
    )
    el = "- {name: el, interval: , extractor: tap-csv, loader: tap-shop, transform: skip}\n"
    assert "before the block 'tap-shop'" in errors_in(make_project(text))[0].what
    text = text[: text.index("jobs:")] + "schedules:\n" + el
    (error,) = errors_in(make_project(text))
    assert "name of one of the extractors" in error.what
    assert "key schedules[0].loader" in str(error)


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        ('{"commands": {"run": "run"}}', None),
        ('{"commands": {"build": "build"}}', "has no command 'run'; expected one of: build"),
        ("{}", "expected one of: none"),
        ("[]", "not a plugin definition in JSON"),
        ("{" * 100_000, "not a plugin definition in JSON"),
    ],
)
def test_commands_of_a_lock_file(make_project: MakeProject, lock: str, message: str | None) -> None:
    folder = make_project(GOOD.replace("name: dbt", "name: dbt\n    variant: dbt-labs"))
    (folder / "plugins" / "utilities").mkdir(parents=True)
    (folder / "plugins" / "utilities" / "dbt--dbt-labs.lock").write_text(lock)
    found = [error.what for error in errors_in(folder)]
    assert found == [] if message is None else message in found[0]
