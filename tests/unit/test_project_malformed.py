"""Every mistake is named with file, line and key, and with how to mend it."""

from __future__ import annotations

import pytest
from meltano_pods.errors import ProjectError
from meltano_pods.project import read_project

from tests.unit.projects import GOOD, MakeProject

FILE = "meltano/shop/meltano.yml"

# What is replaced in the good project, by what; line and key; parts of the message.
CASES: dict[str, tuple[str, str, int | None, str, tuple[str, ...]]] = {
    "tab": ("- name: dev", "\t- name: dev", 3, "", ("not valid YAML", "spaces")),
    "bad indentation": ("  loaders:", "   loaders:", 11, "", ("not valid YAML", "indentation")),
    "unclosed bracket": ("tasks:", "tasks: [", 23, "", ("not valid YAML",)),
    "two documents": ("jobs:", "---\njobs:", 20, "", ("not valid YAML",)),
    "unknown alias": ("job: load", "job: *nope", 28, "", ("undefined alias",)),
    "duplicate key": (
        "  job: load", "  job: load\n  job: load", 29, "schedules[0].job", ("twice", "line 28")
    ),
    "duplicate key in plugin config": (
        "{password: hunter2}", "{password: hunter2, password: x}", 8,
        "plugins.extractors[0].config.password", ("twice",),
    ),
    "jobs are a mapping": ("jobs:\n- name: load", "jobs:\n  load:", 20, "jobs", ("a list",)),
    "plugins are a list": (
        "plugins:\n  extractors:", "plugins:\n- extractors:", 5, "", ("a mapping", "a list")
    ),
    "plugin is a string": ("- name: dbt", "- dbt", 19, "plugins.utilities[0]", ("a mapping",)),
    "plugin without name": ("- name: dbt", "- {}", 19, "plugins.utilities[0]", ("no `name`",)),
    "plugin type": (
        "  loaders:", "  loader:", 11, "plugins.loader", ("'loader'", "Did you mean `loaders`?")
    ),
    "plugin twice": (
        "  - name: tap-shop", "  - name: tap-csv", 9, "plugins.extractors[1]",
        ("'tap-csv' is defined twice", "line 7"),
    ),
    "misspelled section": (
        "schedules:", "schedule:", 25, "schedule",
        ("Did you mean `schedules`",)
    ),
    "misspelled key": (
        "  interval:", "  intervall:", 27, "schedules[0].intervall", ("Did you mean `interval`",)
    ),
    "default environment": (
        "default_environment: dev", "default_environment: dve", 1, "default_environment",
        ("'dve'", "dev, prod", "Did you mean `dev`?"),
    ),
    "environment with colon": (
        "- name: prod", "- name: a:b", 4, "environments[1].name",
        ("colon",)
    ),
    "number as a name": ("- name: load", "- name: 7", 21, "jobs[0].name", ("found 7", "quoted")),
    "job without tasks": (
        "  tasks:\n  - tap-csv target-jsonl\n  - dbt:run\n", "", 21, "jobs[0]", ("no `tasks`",)
    ),
    "task is a mapping": (
        "- dbt:run", "- dbt: run", 24, "jobs[0].tasks[1]",
        ("expected a string",)
    ),
    "unknown block": (
        "- tap-csv target-jsonl", "- tap-csw target-jsonl", 23, "jobs[0].tasks[0]",
        ("'tap-csw'", "Did you mean `tap-csv`?"),
    ),
    "job in a job": ("- dbt:run", "- load", 24, "jobs[0].tasks[1]", ("job inside a job",)),
    "mapper instead of mapping": (
        "- dbt:run", "- tap-csv meltano-map-transformer target-jsonl", 24, "jobs[0].tasks[1]",
        ("'meltano-map-transformer'", "hide-emails"),
    ),
    "unknown job": (
        "job: load", "job: lode", 26, "schedules[0].job", ("'lode'", "Did you mean `load`?")
    ),
    "schedule twice": (
        "  job: load", "  job: load\n- {name: daily, interval: '@daily', job: load}", 29,
        "schedules[1]", ("'daily' is defined twice", "line 26"),
    ),
    "schedule without interval": (
        "  interval: '@daily'\n", "", 26, "schedules[0]", ("no `interval`", "@manual")
    ),
    "bad alias": (
        "'@daily'", "'@dayly'", 27, "schedules[0].interval", ("Did you mean `@daily`?",)
    ),
    "six fields": (
        "'@daily'", "'0 0 0 * * *'", 27, "schedules[0].interval", ("6 fields, not 5",)
    ),
    "hour out of range": (
        "'@daily'", "'0 24 * * *'", 27, "schedules[0].interval", ("'24' as hour", "0 to 23")
    ),
    "one bad part of a list": (
        "'@daily'", "'0,61 * * * *'", 27, "schedules[0].interval", ("'61' as minute",)
    ),
    "schedule without job": ("  job: load\n", "", 26, "schedules[0]", ("neither a `job` nor",)),
    "extractor and loader without transform": (
        "job: load", "extractor: tap-csv\n  loader: target-jsonl", 26, "schedules[0]",
        ("no `transform`", "Add `transform: skip`"),
    ),
    "transform run": (
        "job: load", "extractor: tap-csv\n  loader: target-jsonl\n  transform: run", 30,
        "schedules[0].transform", ("dbt:run",),
    ),
    "unknown loader": (
        "job: load", "extractor: tap-csv\n  loader: target-json\n  transform: skip", 26,
        "schedules[0].loader", ("Did you mean `target-jsonl`?",),
    ),
    "job and extractor": (
        "job: load", "job: load\n  extractor: tap-csv", 29, "schedules[0].extractor", ("both",)
    ),
    "schedule env": (
        "job: load", "job: load\n  env: {A: true}", 29, "schedules[0].env.A", ("a boolean", "Quote")
    ),
    "include path outside": (
        "jobs:", "include_paths: ['../*']\njobs:", 20, "include_paths[0]", ("no file of the",)
    ),
    "annotations are a list": (
        "job: load", "job: load\n  annotations: []", 29, "schedules[0].annotations", ("a mapping",)
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_says_what_where_and_how_to_mend_it(make_project: MakeProject, case: str) -> None:
    old, new, line, key, parts = CASES[case]
    assert old in GOOD
    folder = make_project(GOOD.replace(old, new, 1))
    with pytest.raises(ProjectError) as caught:
        read_project(folder)
    error = caught.value
    text = str(error)
    place = FILE if line is None else f"{FILE}, line {line}"
    assert f"where: {place}" + (f", key {key}" if key else "") in text
    for part in parts:
        assert part in text
    assert error.fix
    assert "hunter2" not in text


def test_syntax_errors_quote_nothing_of_the_file(make_project: MakeProject) -> None:
    folder = make_project("plugins:\n  extractors:\n  - config: {password: hunter2\n  x: [")
    with pytest.raises(ProjectError) as caught:
        read_project(folder)
    chain = [caught.value, caught.value.__cause__]
    assert "hunter2" not in "".join(map(str, chain))
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("text", ["", "# nothing\n", "null\n"])
def test_empty_file(make_project: MakeProject, text: str) -> None:
    with pytest.raises(ProjectError, match="the file is empty"):
        read_project(make_project(text))


@pytest.mark.parametrize("text", ["- a\n", "plain text\n"])
def test_no_mapping_at_the_top(make_project: MakeProject, text: str) -> None:
    with pytest.raises(ProjectError, match="expected a mapping, found a"):
        read_project(make_project(text))


def test_not_utf8(make_project: MakeProject) -> None:
    folder = make_project(GOOD)
    (folder / "meltano.yml").write_bytes(b"name: \xff\n")
    with pytest.raises(ProjectError, match="not UTF-8"):
        read_project(folder)


def test_errors_in_included_files_name_them(make_project: MakeProject) -> None:
    folder = make_project(
        GOOD + "include_paths: [more.yml]\n", more="jobs:\n- name: load\n  tasks: dbt\n"
    )
    with pytest.raises(ProjectError) as caught:
        read_project(folder)
    assert "meltano/shop/more.yml, line 2, key jobs[0]" in str(caught.value)
    assert "meltano/shop/meltano.yml, line 21" in str(caught.value)
