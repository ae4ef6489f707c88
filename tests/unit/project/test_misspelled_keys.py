"""Warnings of keys under `config` that seem to be misspelled settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from meltano_pods.project.misspelled_keys import find_misspelled_keys, find_misspelled_settings
from meltano_pods.tasks.projects import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command_line import RunCli
    from tests.support.projects import MakeProject

SETTINGS = [
    "start_date", "password", "user", "host", "page_size", "api_key", "auth.user", "auth.password",
    "stream_map_config", "streams", "batch_size", "key_1",
]  # fmt: skip


def warnings(folder: Path) -> list[tuple[str, str]]:
    """Return what is suggested, and the key of each place."""
    read = load_project(folder)
    found = find_misspelled_settings(read.project, read.settings)
    return [(each.fix.split("`")[1], str(each.where).split("config.")[-1]) for each in found]


def shop(config: object, **more: object) -> str:
    """Return a project whose tap has this configuration."""
    tap = {
        "name": "tap-a",
        "namespace": "tap_a",
        "settings": [{"name": each} for each in SETTINGS],
        "config": config,
    }
    return json.dumps({"plugins": {"extractors": [{**tap, **more}]}})


@pytest.mark.parametrize(
    ("config", "meant"),
    [
        ({"start_dat": "2026-01-01"}, "start_date"),
        ({"strat_date": "2026-01-01"}, "start_date"),
        ({"startDate": "2026-01-01"}, "start_date"),
        ({"start-date": "2026-01-01"}, "start_date"),
        ({"pasword": "x"}, "password"),
        ({"PASSWORD": "x"}, "password"),
        ({"hots": "x"}, "host"),
        ({"pagesize": 1}, "page_size"),
        ({"stream": []}, "streams"),
        ({"auth": {"usr": "me", "password": "x"}}, "auth.user"),
        ({"auth.pasword": "x"}, "auth.password"),
        ({"atuh": {"user": "me"}}, None),
    ],
)
def test_a_key_that_is_nearly_a_setting(
    config: dict[str, object], meant: str | None, make_project: MakeProject
) -> None:
    assert [each for each, _ in warnings(make_project(shop(config)))] == ([meant] if meant else [])


@pytest.mark.parametrize(
    "config",
    [
        {each: "x" for each in SETTINGS if "." not in each},
        {"auth": {"user": "me"}, "auth.password": "x"},
        {"api_url": "x", "pass_phrase": "x", "usr_agent": "x"},  # other settings, for all we know
        {"stream_maps": {"start_dat": {}}, "flattening_enabled": True, "batch_size_rows": 1},
        {"key_2": "x", "key_11": "x"},
        {"users": "x", "user": "y"},  # both are meant
        {"_select": ["*.*"], "_metadata": {}, "_catalog": "x", "_start_date": "x"},
        {"api_key": {"start_dat": 1}},  # what an object holds has no definition
        {},
        None,
    ],
)
def test_no_false_alarm(config: dict[str, object] | None, make_project: MakeProject) -> None:
    assert warnings(make_project(shop(config))) == []


def test_an_alias_and_a_setting_of_ones_own_are_settings(make_project: MakeProject) -> None:
    settings = [{"name": "start_date", "aliases": ["start_data"]}, {"name": "start_dates"}]
    config = {"start_data": "x", "start_dates": "x"}
    assert warnings(make_project(shop(config, settings=settings))) == []


def test_every_place_that_configures_a_plugin(make_project: MakeProject) -> None:
    project = make_project(
        "environments:\n"
        "- {name: dev, config: {plugins: {extractors: [{name: tap-kid, config: {hots: x}}]}}}\n"
        "- {name: prod, config: {plugins: {extractors: [{name: tap-a, config: {usre: x}}]}}}\n"
        "include_paths: [more.yml]\n"
        "plugins:\n"
        "  loaders: [{name: target-a, config: {pasword: x}}]\n",
    )
    (project / "more.yml").write_text(
        "plugins: {extractors: [{name: tap-a, namespace: tap_a, settings: [{name: host}, "
        "{name: user}]}, {name: tap-kid, inherit_from: tap-a, config: {users: x}}]}\n"
    )
    assert sorted(warnings(project)) == [("host", "hots"), ("user", "users"), ("user", "usre")]


@pytest.mark.parametrize("locked", [True, False])
def test_a_definition_in_a_lock_file(locked: bool, make_project: MakeProject) -> None:
    project = make_project(
        "plugins: {extractors: [{name: tap-a, variant: acme, settings: [{name: other}], "
        "config: {start_dat: x}}]}"
    )
    if locked:
        lock = project / "plugins" / "extractors" / "tap-a--acme.lock"
        lock.parent.mkdir(parents=True)
        lock.write_text(json.dumps({"namespace": "tap_a", "settings": [{"name": "start_date"}]}))
    assert warnings(project) == ([("start_date", "start_dat")] if locked else [])


def test_validate_warns_once_with_file_and_line(root: Path, run_cli: RunCli) -> None:
    (root / "meltano" / "shop" / "meltano.yml").write_text(
        "plugins:\n  extractors:\n  - name: tap-a\n    namespace: tap_a\n"
        "    settings: [{name: password}]\n    config:\n      pasword: hunter2\n"
    )
    code, out, err = run_cli("validate")
    assert code == 0
    shown = out + err
    assert shown.count("Did you mean `password`?") == 1
    assert "meltano/shop/meltano.yml, line 7, key plugins.extractors[0].config.pasword" in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("key", "meant"),
    [("selects", "select"), ("slect", "select"), ("load_shema", "load_schema"),
     ("Config", "config"), ("pip-url", "pip_url"), ("settngs", "settings"),
     ("select_filters", "select_filter")],
)  # fmt: skip
def test_a_key_that_is_nearly_one_of_a_plugin(
    key: str, meant: str, make_project: MakeProject
) -> None:
    tap = {"name": "tap-a", "namespace": "tap_a", key: ["orders.*"]}
    read = load_project(make_project(json.dumps({"plugins": {"extractors": [tap]}})))
    (warning,) = find_misspelled_keys(read.project, read.settings)
    assert warning.fix == f"Did you mean `{meant}`? Rename it."


def test_other_keys_of_a_plugin_are_extras(make_project: MakeProject) -> None:
    tap = {
        "name": "tap-a",
        "x-select": 1,
        "_selects": 1,
        "owner": "me",
        "select": [],
    }
    read = load_project(make_project(json.dumps({"plugins": {"extractors": [tap]}})))
    assert list(find_misspelled_keys(read.project, read.settings)) == []


@pytest.mark.parametrize(("config", "wrong"), [(["path"], True), ("path", True), (None, False)])
def test_a_configuration_that_is_no_map(
    config: object, wrong: bool, make_project: MakeProject
) -> None:
    read = load_project(make_project(shop(config)))
    errors = [error for plugin in read.project.plugins for error in plugin.errors]
    assert [str(each.where).rsplit(".", 1)[-1] for each in errors] == ["config"] * wrong
