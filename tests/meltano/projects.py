"""Projects that differ in everything a meltano.yml can say: files by their paths, by project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.meltano.field_projects import FIELD_PROJECTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PLUGINS = """\
plugins:
  extractors:
  - {name: tap-a, namespace: tap_a, executable: tap-a}
  loaders:
  - {name: target-b, namespace: target_b, executable: target-b}
  mappers:
  - name: transformer
    namespace: transformer
    executable: transformer
    mappings: [{name: hide, config: {}}, {name: rename, config: {}}]
  utilities:
  - name: dbt
    namespace: dbt
    executable: dbt
    commands: {run: run, test: {args: test --fail-fast}}
"""
LOAD = "jobs: [{name: load, tasks: [tap-a target-b, 'dbt:run']}]\n"
DAILY = "schedules: [{name: daily, interval: '@daily', job: load}]\n"
GOOD = PLUGINS + LOAD + DAILY


def _lock(kind: str, name: str, variant: str | None = None, **more: object) -> str:
    content = {"plugin_type": kind, "name": name, "namespace": name.replace("-", "_")}
    return json.dumps(
        {**content, **({"variant": variant} if variant else {}), "executable": name} | more
    )


def _schedules(*intervals: str) -> str:
    every = [
        f"- {{name: s{number}, interval: {interval}, job: load}}"
        for number, interval in enumerate(intervals)
    ]
    return "\n".join(["schedules:", *every, ""])


def _tasks(*tasks: str) -> str:
    every = [f"- {{name: j{number}, tasks: {each}}}" for number, each in enumerate(tasks)]
    return "\n".join(["jobs:", *every, ""])


_PROJECTS: Mapping[str, str | Mapping[str, str]] = {
    "a job and its schedule": GOOD,
    "no schedule": PLUGINS + LOAD,
    "a job of several schedules": PLUGINS
    + LOAD
    + _schedules("'@daily'", "'@hourly'", "'5 4 * * *'"),
    "extract and load": PLUGINS
    + """\
schedules:
- {name: el, interval: '@daily', extractor: tap-a, loader: target-b, transform: skip}
- {name: again, interval: , extractor: tap-a, loader: target-b, transform: skip, job: null}
""",
    "jobs between extract and load": PLUGINS
    + LOAD
    + """\
schedules:
- {name: el, interval: '@daily', extractor: tap-a, loader: target-b, transform: skip}
- {name: job, interval: '@weekly', job: load}
- {name: el2, interval: '@monthly', extractor: tap-a, loader: target-b, transform: skip}
""",
    "named intervals": PLUGINS
    + LOAD
    + _schedules(
        "'@once'",
        "'@manual'",
        "'@none'",
        "'@hourly'",
        "'@daily'",
        "'@midnight'",
        "'@weekly'",
        "'@monthly'",
        "'@yearly'",
        "'@annually'",
        "",
        "null",
        "~",
    ),
    "cron": PLUGINS
    + LOAD
    + _schedules(
        "'*/5 * * * *'",
        "'0 3,15 * * mon-fri'",
        "0 0 1 jan *",
        "'0 0 l * *'",
        "'0 0 ? * 1'",
        "15 10 1-7/2 */3 *",
    ),
    "tasks in every form": PLUGINS
    + _tasks(
        "[tap-a target-b]",
        "[[tap-a, target-b], 'dbt:run']",
        "[[tap-a target-b, 'dbt:test'], [dbt]]",
        "[[tap-a, [target-b, ['dbt:run', [dbt]]]]]",
        "['tap-a hide rename target-b', dbt]",
        "['tap-a target-b tap-a target-b dbt:run']",
    ),
    "sets over several tasks": PLUGINS
    + _tasks(
        "[tap-a, target-b]",
        "['dbt:run', tap-a hide, rename, target-b, dbt]",
        "[[tap-a], [target-b, tap-a], [target-b], [dbt]]",
    ),
    "tasks over several lines": PLUGINS
    + """\
jobs:
- name: load
  tasks:
  - >-
    tap-a
    hide
    target-b
  - tap-a
    target-b
""",
    "dbt and other commands": PLUGINS.replace(
        "  utilities:\n",
        "  utilities:\n"
        "  - {name: edr, namespace: elementary, executable: edr, commands: {report: report}}\n",
    )
    + _tasks("['dbt:run', 'dbt:test', 'edr:report', dbt]"),
    "every plugin type": PLUGINS
    + """\
  orchestrators: [{name: airflow, namespace: airflow, executable: airflow}]
  transformers: [{name: sql, namespace: sql, executable: sql, commands: {run: run}}]
  files: [{name: files-docker, namespace: files_docker, pip_url: files-docker}]
  transforms: [{name: tap-gitlab, namespace: tap_gitlab, pip_url: dbt-tap-gitlab}]
"""
    + _tasks("['sql:run', airflow]"),
    "two mappers": PLUGINS.replace(
        "  utilities:\n",
        "  - name: other\n    namespace: other\n"
        "    executable: other\n    mappings: [{name: mask, config: {}}]\n  utilities:\n",
    )
    + _tasks("['tap-a mask hide target-b']"),
    "a mapper without mappings": PLUGINS.replace(
        "    mappings: [{name: hide, config: {}}, {name: rename, config: {}}]\n",
        "    mappings: []\n",
    )
    + LOAD,
    "inheritance": """\
plugins:
  extractors:
  - {name: tap-c, inherit_from: tap-b, config: {x: 1}}
  - {name: tap-b, inherit_from: tap-a}
  - {name: tap-a, inherit_from: tap-a, namespace: tap_a, executable: tap-a}
  loaders:
  - {name: target-a, namespace: target_a, executable: target-a}
  - {name: target-b, inherit_from: target-a}
  utilities:
  - {name: dbt, namespace: dbt, executable: dbt, commands: {run: run}}
  - {name: dbt-other, inherit_from: dbt}
"""
    + _tasks("[tap-c target-b, 'dbt-other:run']", "[tap-b target-a]"),
    "lock files and variants": {
        "meltano.yml": """\
plugins:
  extractors:
  - {name: tap-a, variant: singer-io, pip_url: tap-a}
  - {name: tap-mine, inherit_from: tap-a, variant: other}
  - {name: tap-too, inherit_from: tap-a}
  - {name: tap-far, inherit_from: tap-unlisted}
  loaders:
  - {name: target-b}
  utilities:
  - {name: dbt, variant: dbt-labs}
jobs: [{name: load, tasks: [tap-a target-b, tap-mine target-b, tap-too target-b, 'dbt:run']}]
""",
        "plugins/extractors/tap-a--singer-io.lock": _lock("extractors", "tap-a", "singer-io"),
        "plugins/extractors/tap-a--other.lock": _lock("extractors", "tap-a", "other"),
        "plugins/extractors/tap-unlisted--default.lock": _lock("extractors", "tap-unlisted"),
        "plugins/loaders/target-b--default.lock": _lock("loaders", "target-b"),
        "plugins/utilities/dbt--dbt-labs.lock": _lock(
            "utilities", "dbt", "dbt-labs", commands={"run": {"args": "run"}}
        ),
    },
    "environments": "default_environment: prod\n"
    + GOOD
    + """\
environments:
- name: dev
- name: prod
  env: {WHERE: prod}
  state_id_suffix: blue
  config:
    elt.buffer_size: 20000000
    plugins:
      extractors: [{name: tap-a, config: {a: 1}, select: ['*.*']}]
- name: staging with spaces
""",
    "annotations of environments": """\
annotations: {meltano_pods: {owner: all, tags: [all], env: {A: all, B: all}}, other: {x: 1}}
"""
    + GOOD
    + """\
environments:
- {name: dev, annotations: {meltano_pods: {owner: dev, env: {B: dev}}}}
- {name: prod, annotations: {other: {x: 2}}}
- {name: none}
""",
    "annotations of plugins": PLUGINS.replace(
        "executable: tap-a}", "executable: tap-a, annotations: {meltano_pods: {env: {A: a, B: a}}}}"
    )
    + LOAD
    + """\
environments:
- name: dev
  config:
    plugins:
      extractors: [{name: tap-a, annotations: {meltano_pods: {env: {B: dev}, retries: 1}}}]
      loaders: [{name: target-b, annotations: {other: {x: 1}}}, {name: target-b}]
- name: prod
""",
    "annotations of jobs and schedules": PLUGINS
    + """\
jobs:
- name: load
  tasks: [tap-a target-b]
  annotations: {meltano_pods: {retries: 3, tags: [a, b]}, airflow: {x: 1}}
- {name: other, tasks: [dbt], annotations: {airflow: {x: 1}}}
schedules:
- name: daily
  annotations: {meltano_pods: {run_timeout: 2h, start_date: '2026-01-31'}}
  interval: '@daily'
  job: load
""",
    "environment variables of schedules": PLUGINS
    + LOAD
    + """\
schedules:
- {name: a, interval: '@daily', job: load, env: {A: b, EMPTY: '', DATE: '2026-01-01', URL: 'http://x/$Y'}}
- name: b
  interval: '@daily'
  extractor: tap-a
  loader: target-b
  transform: skip
  env:
    NUMBER: 5
    TEXT: |
      one
      two
- {name: c, interval: '@daily', job: load, env: }
""",
    "an included file": {
        "meltano.yml": PLUGINS + "include_paths: [jobs.yml]\n" + DAILY,
        "jobs.yml": LOAD,
    },
    "included by patterns": {
        "meltano.yml": PLUGINS
        + LOAD
        + "include_paths: ['./a/*.yml', 'b/**/x.yml', 'a/one.yml', '*.yml', 'none/*.yml']\n",
        "a/one.yml": "jobs: [{name: one, tasks: [dbt]}]\n",
        "a/.hidden.yml": "jobs: [{name: hidden, tasks: [dbt]}]\n",
        "b/x.yml": "jobs: [{name: x, tasks: [dbt]}]\n",
        "b/c/d/x.yml": "jobs: [{name: deep, tasks: [dbt]}]\n",
        "b/c/y.yml": "jobs: [{name: not, tasks: [dbt]}]\n",
        "top.yml": "schedules: [{name: top, interval: '@daily', job: deep}]\n",
    },
    "a file for each section": {
        "meltano.yml": "include_paths: ['./*.meltano.yml']\ndefault_environment: dev\n",
        "environments.meltano.yml": "environments: [{name: dev}, {name: prod}]\n",
        "extractors.meltano.yml": (
            "plugins: {extractors: [{name: tap-a, namespace: tap_a, executable: tap-a}]}\n"
        ),
        "loaders.meltano.yml": (
            "plugins: {loaders: [{name: target-b, namespace: target_b, executable: target-b}]}\n"
        ),
        "jobs.meltano.yml": "jobs: [{name: load, tasks: [tap-a target-b]}]\n",
        "schedules.meltano.yml": DAILY,
    },
    "an included file that overrides": {
        "meltano.yml": GOOD
        + """\
include_paths: [more.yml]
default_environment: dev
environments: [{name: dev}]
annotations: {meltano_pods: {owner: one, env: {A: one, B: one}}}
""",
        "more.yml": """\
default_environment: prod
environments: [{name: prod}]
annotations: {meltano_pods: {env: {A: two}}}
plugins: {extractors: [{name: tap-more, inherit_from: tap-a}]}
jobs: [{name: more, tasks: [tap-more target-b]}]
""",
    },
    "equal names": """\
plugins:
  extractors:
  - {name: warehouse, namespace: tap_warehouse, executable: tap}
  - {name: tap-a, namespace: tap_a, executable: tap-a}
  loaders:
  - {name: target-b, namespace: target_b, executable: target-b}
  - {name: warehouse, namespace: target_warehouse, executable: target}
  utilities:
  - {name: dbt, namespace: dbt, executable: dbt, commands: {run: run}}
  - {name: hide, namespace: hide, executable: hide}
  mappers:
  - {name: m, namespace: m, executable: m, mappings: [{name: hide}, {name: map}]}
  transformers:
  - {name: dbt, namespace: dbt_old, executable: dbt, commands: {run: run}}
jobs:
- {name: daily, tasks: [tap-a map target-b, hide, 'dbt:run', warehouse target-b]}
- {name: dbt, tasks: ['dbt:run']}
schedules:
- {name: daily, interval: '@daily', job: daily}
- {name: dbt, interval: '@daily', job: dbt}
- {name: tap-a, interval: '@daily', extractor: tap-a, loader: target-b, transform: skip}
""",
    "yaml 1.2": PLUGINS
    + """\
jobs: [{name: yes, tasks: [tap-a target-b]}, {name: 12:30, tasks: [dbt]}, {name: '7', tasks: [dbt]}]
schedules: [{name: on, interval: "@daily", job: yes}, {name: off, interval: '@daily', job: 12:30}]
""",
    "anchors and merge keys": PLUGINS
    + """\
x-defaults: [&daily {interval: '@daily', job: load}, &hourly {interval: '@hourly', env: {A: b}}]
jobs:
- name: load
  tasks: &tasks [tap-a target-b]
- {name: again, tasks: *tasks}
schedules:
- &first {<<: *daily, name: first}
- {<<: [*daily, *hourly], name: second}
- {<<: *first, name: third, interval: '@weekly'}
""",
    "unicode": PLUGINS.replace("tap-a,", "tap-ä,")
    + """\
jobs: [{name: täglich laden, tasks: [tap-ä target-b]}]
schedules:
- {name: 每日, interval: '@daily', job: täglich laden}
- {name: "a\\tb", interval: '@daily', job: täglich laden}
""",
    "a submodule": {"meltano.yml": GOOD, ".git": "gitdir: ../.git/modules/a\n"},
    "nothing to do": PLUGINS + "jobs: []\nschedules: []\nenvironments: []\n",
    "keys of others": "version: 1\n"
    + PLUGINS.replace("executable: tap-a}", "executable: tap-a, select: [a.*], metadata: {}, x: 1}")
    + LOAD
    + """\
send_anonymous_usage_stats: false
state_backend: {uri: systemdb}
x-anything: [1, 2]
schedules: [{name: daily, interval: '@daily', job: load, start_date: 2026-01-01, x: 1}]
""",
    "json": json.dumps(
        {
            "plugins": {"utilities": [{"name": "dbt", "namespace": "dbt", "executable": "dbt"}]},
            "jobs": [{"name": "load", "tasks": ["dbt", ["dbt", "dbt"]]}],
            "schedules": [{"name": "daily", "interval": "@daily", "job": "load"}],
        }
    ),
    "windows": "\ufeff" + GOOD.replace("\n", "\r\n"),
    "dozens": PLUGINS + _tasks(*["[tap-a hide target-b, 'dbt:run']"] * 12),
}


PROJECTS = {**_PROJECTS, **FIELD_PROJECTS}
WITHOUT_DEFINITIONS = "plugins that only the Hub knows"


def write(project: str, folder: Path) -> None:
    """Write a project's files into a folder, which is made."""
    content = PROJECTS[project]
    files = {"meltano.yml": content} if isinstance(content, str) else dict(content)
    # Without one, Meltano adds one to the file, and writes the whole file again.
    if "project_id" not in files["meltano.yml"]:
        files["meltano.yml"] = files["meltano.yml"].rstrip() + "\nproject_id: of-the-test\n"
    if project == "json":
        files["meltano.yml"] = files["meltano.yml"].replace(
            "}\nproject_id: of-the-test", ', "project_id": "x"}'
        )
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
