"""Mistakes in a project, and what their errors say."""

from __future__ import annotations

FILE = "meltano/shop/meltano.yml"

# What is replaced in the good project, by what; line and key; parts of the message.
MISTAKES: dict[str, tuple[str, str, int | None, str, tuple[str, ...]]] = {
    "tab": ("- name: dev", "\t- name: dev", 3, "", ("not valid YAML", "spaces")),
    "bad indentation": ("  loaders:", "   loaders:", 11, "", ("not valid YAML", "indentation")),
    "unclosed bracket": ("tasks:", "tasks: [", 23, "", ("not valid YAML",)),
    "two documents": (
        "jobs:", "---\njobs:", 20, "", ("not valid YAML", "one document in a file")
    ),
    "interval without quotes": (
        "'@daily'", "@hourly  # c", 27, "", ("start with '@'", "Quote it: '@hourly'.")
    ),
    "cron without quotes": (
        "'@daily'", "*/15 2,3 * * *", 27, "", ("Quote it: '*/15 2,3 * * *'.",)
    ),
    "stars without quotes": ("'@daily'", "* * * * *", 27, "", ("Quote it: '* * * * *'.",)),
    "interval without quotes in braces": (
        "- name: load", "- {name: x, interval: @daily, job: load}\n- name: load", 21, "",
        ("Quote it: '@daily'.",),
    ),
    "password without quotes": (
        "{password: hunter2}", "{password: @hunter2}", 8, "", ("Quote it: '@...'.",)
    ),
    "password like an anchor": (
        "{password: hunter2}", "{password: */hunter2}", 8, "", ("Quote it: '*...'.",)
    ),
    "unknown alias": ("job: load", "job: *nope", 28, "", ("undefined alias", "Quote the value")),
    "duplicate key": (
        "  job: load", "  job: load\n  job: load", 29, "schedules[0].job",
        ("duplicate key", "line 28"),
    ),
    "duplicate key in plugin config": (
        "{password: hunter2}", "{password: hunter2, password: x}", 8,
        "plugins.extractors[0].config.password", ("duplicate key",),
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
    "interval by another name": (
        "  interval:", "  cron:", 26, "schedules[0]", ("no `interval`", "Rename `cron`")
    ),
    "section in a job": (
        "schedules:\n- name: daily", "  schedules:\n  - name: daily", 25, "jobs[0].schedules",
        ("is inside a job", "at the left margin"),
    ),
    "section in a schedule": (
        "  job: load", "  job: load\n  jobs: [{name: x}]", 29, "schedules[0].jobs",
        ("is inside a schedule",),
    ),
    "section in plugins": (
        "jobs:", "  jobs: []\njobs:", 20, "plugins.jobs", ("is inside `plugins`",)
    ),
    "key of a schedule at the top": (
        "  interval: '@daily'\n  job:", "interval: '@daily'\njob:", 27, "interval",
        ("at the top of a file", "an entry of `schedules`"),
    ),
    "tasks at the top": ("  tasks:", "tasks:", 22, "tasks", ("an entry of `jobs`", "Indent it")),
    "schedules are a mapping": (
        "- name: daily\n  interval:", "  daily:\n    interval:", 25, "schedules",
        ("start with `- name",),
    ),
    "option in a task": (
        "- dbt:run", "- tap-csv target-jsonl --full-refresh", 24, "jobs[0].tasks[1]",
        ("'--full-refresh' in a task", "{full_refresh: ...}"),
    ),
    "arrow in a task": (
        "- dbt:run", "- tap-csv -> target-jsonl", 24, "jobs[0].tasks[1]",
        ("'->' in a task is not a plugin", "separated by spaces"),
    ),
    "commas in a task": (
        "- dbt:run", "- tap-csv,target-jsonl", 24, "jobs[0].tasks[1]", ("separated by spaces",)
    ),
    "command of its own in a task": (
        "  - name: dbt\njobs:\n- name: load\n  tasks:\n  - tap-csv target-jsonl\n  - dbt:run",
        "  - name: dbt\n    commands: {run: run}\njobs:\n- name: load\n  tasks:\n  - dbt run", 24,
        "jobs[0].tasks[0]", ("Did you mean the command `dbt:run`?",),
    ),
    "block in another case": (
        "- tap-csv target-jsonl", "- Tap-CSV target-jsonl", 23, "jobs[0].tasks[0]",
        ("'Tap-CSV'", "Did you mean `tap-csv`?"),
    ),
    "hour out of range": (
        "'@daily'", "'0 24 * * *'", 27, "schedules[0].interval", ("hour '24'", "0 to 23")
    ),
    "schedule without job": ("  job: load\n", "", 26, "schedules[0]", ("neither a `job` nor",)),
    "extractor and loader without transform": (
        "job: load", "extractor: tap-csv\n  loader: target-jsonl", 26, "schedules[0]",
        ("no `transform`", "Add `transform: skip`"),
    ),
    "transform run": (
        "job: load", "extractor: tap-csv\n  loader: target-jsonl\n  transform: run", 26,
        "schedules[0].transform", (
            "the transformer `dbt`", "tasks: [tap-csv target-jsonl, 'dbt:run']",
            "meltano state copy daily dev:tap-csv-to-target-jsonl",
        ),
    ),
    "transform of another kind": (
        "job: load", "extractor: tap-csv\n  loader: target-jsonl\n  transform: dbt", 30,
        "schedules[0].transform", ("expected one of: only, run, skip",),
    ),
    "unknown loader": (
        "job: load", "extractor: tap-csv\n  loader: target-json\n  transform: skip", 26,
        "schedules[0].loader", ("Did you mean `target-jsonl`?",),
    ),
    "schedule env": (
        "job: load", "job: load\n  env: {A: true}", 29, "schedules[0].env.A", ("a boolean", "Quote")
    ),
    "include path outside": (
        "jobs:", "include_paths: ['../*']\njobs:", 20, "include_paths[0]", ("not a file of the",)
    ),
    "annotations are a list": (
        "job: load", "job: load\n  annotations: []", 29, "schedules[0].annotations", ("a mapping",)
    ),
    "job with a key of its own": (
        "  tasks:", "  description: x\n  tasks:", 22, "jobs[0].description",
        ("`description`", "annotations, name, tasks"),
    ),
    "environment with a key of its own": (
        "- name: prod", "- name: prod\n  conifg: {}", 5, "environments[1].conifg",
        ("Did you mean `config`?",),
    ),
    "environment's plugins of no type": (
        "- name: prod", "- name: prod\n  config: {plugins: {tap: []}}", 5,
        "environments[1].config.plugins.tap", ("'tap'",),
    ),
    "environment's plugin without name": (
        "- name: prod", "- name: prod\n  config: {plugins: {loaders: [{}]}}", 5,
        "environments[1].config.plugins.loaders[0]", ("no `name`",),
    ),
    "environment twice": (
        "- name: prod", "- name: dev", 4, "environments[1]", ("'dev' is defined twice", "line 3")
    ),
    "default environment is a list": (
        "default_environment: dev", "default_environment: [dev]", 1, "default_environment",
        ("found a list",),
    ),
    "plugins in a circle": (
        "  - name: tap-csv", "  - name: tap-csv\n    inherit_from: tap-shop", 7,
        "plugins.extractors[0].inherit_from", ("tap-csv from tap-shop from tap-csv",),
    ),
    "plugin type without plugins": (
        "  - name: target-jsonl\n", "", 11, "plugins.loaders", ("found nothing", "Remove the key")
    ),
    "variant is a list": (
        "  - name: dbt", "  - name: dbt\n    variant: [x]", 20, "plugins.utilities[0].variant",
        ("found a list",),
    ),
    "mapping without name": (
        "- name: hide-emails", "- label: x", 16, "plugins.mappers[0].mappings[0]", ("no `name`",)
    ),
    "mapping twice": (
        "      config: {}", "      config: {}\n    - name: hide-emails", 18,
        "plugins.mappers[0].mappings[1]", ("'hide-emails' is defined twice", "line 16"),
    ),
    "mappings are nothing": (
        "    - name: hide-emails\n      config: {}\n", "", 15, "plugins.mappers[0].mappings",
        ("found nothing",),
    ),
    "loader without extractor": (
        "- dbt:run", "- target-jsonl", 24, "jobs[0].tasks[1]", ("no extractor comes before",)
    ),
    "mapping without extractor": (
        "- dbt:run", "- hide-emails target-jsonl", 24, "jobs[0].tasks[1]", ("no extractor",)
    ),
    "extractor without loader": (
        "- dbt:run", "- tap-csv hide-emails", 24, "jobs[0].tasks[1]",
        ("no loader comes after the extractor 'tap-csv' before the end",),
    ),
    "command within a set": (
        "- dbt:run", "- tap-csv dbt:run target-jsonl", 24, "jobs[0].tasks[1]",
        ("before the block 'dbt:run'",),
    ),
    "two extractors": (
        "- dbt:run", "- tap-csv tap-shop target-jsonl", 24, "jobs[0].tasks[1]",
        ("before the block 'tap-shop'",),
    ),
    "block that does not run": (
        "  utilities:\n  - name: dbt", "  files:\n  - name: dbt", 24, "jobs[0].tasks[1]",
        ("of the type files",),
    ),
    "block of two commands": ("- dbt:run", "- dbt:run:x", 24, "jobs[0].tasks[1]", ("'dbt:run:x'",)),
    "command that is none": (
        "  - name: dbt", "  - name: dbt\n    namespace: dbt\n    commands: {rnu: run, test: x}", 26,
        "jobs[0].tasks[1]",
        ("has no command 'run'; expected one of: rnu, test", "Did you mean `rnu`?"),
    ),
    "commands are a list": (
        "  - name: dbt", "  - name: dbt\n    commands: [run]", 20,
        "plugins.utilities[0].commands", ("found a list",),
    ),
    "job with a plugin's name": (
        "- name: load\n", "- name: tap-csv\n", 23, "jobs[0].tasks[0]",
        ("contains the job 'tap-csv'", "a plugin has that name"),
    ),
    "loader with an extractor's name": (
        "- name: daily\n  interval: '@daily'\n  job: load\n",
        "- {name: d, interval: '@daily', extractor: tap-csv, loader: tap-csv, transform: skip}\n",
        26, "schedules[0].loader", ("unknown loader 'tap-csv'",),
    ),
    "task is a number": ("- dbt:run", "- 7", 24, "jobs[0].tasks[1]", ("found 7",)),
    "task is empty": ("- dbt:run", "- []", 24, "jobs[0].tasks[1]", ("the task is empty",)),
    "tasks are a mapping": (
        "  tasks:\n  - tap-csv target-jsonl\n  - dbt:run\n", "  tasks: {a: b}\n", 22,
        "jobs[0].tasks", ("expected a string, found a mapping",),
    ),
    "date as a name": (
        "- name: daily", "- name: 2026-01-31", 26, "schedules[0].name", ("found a date", "quoted")
    ),
    "boolean as a name": ("- name: load", "- name: true", 21, "jobs[0].name", ("found True",)),
    "empty name": ("- name: load", "- name: ''", 21, "jobs[0].name", ("an empty string",)),
    "interval is a number": ("'@daily'", "5", 27, "schedules[0].interval", ("found 5",)),
    "minute of a page": (
        "'@daily'", "'" + "9" * 999 + " * * * *'", 27, "schedules[0].interval", ("invalid minute",)
    ),
    "start date of another kind": (
        "job: load", "job: load\n  start_date: tomorrow", 29, "schedules[0].start_date",
        ("expected a date", "start_date: 2026-01-31"),
    ),
    "start date that is none": (
        "job: load", "job: load\n  start_date: 2026-02-30", 29, "schedules[0].start_date",
        ("expected a date",),
    ),
    "start date is a number": (
        "job: load", "job: load\n  start_date: 20260131", 29, "schedules[0].start_date",
        ("found a number",),
    ),
    "schedule env is a list": (
        "job: load", "job: load\n  env: [A]", 29, "schedules[0].env", ("a mapping",)
    ),
    "schedule env holds a list": (
        "job: load", "job: load\n  env: {A: [hunter2]}", 29, "schedules[0].env.A", ("a list",)
    ),
    "schedule is a string": ("- name: daily\n  interval: '@daily'\n  job: load", "- daily", 26,
        "schedules[0]", ("a mapping",),
    ),
    "our annotations by another name": (
        "job: load", "job: load\n  annotations: {meltano-pod: {retries: 1}}", 29,
        "schedules[0].annotations.meltano-pod", ("`meltano-pod`", "Did you mean `meltano_pods`?"),
    ),
    "our annotations without annotations": (
        "job: load", "job: load\n  meltano_pods: {retries: 1}", 29, "schedules[0].meltano_pods",
        ("next to `annotations`", "annotations: {meltano_pods: {...}}"),
    ),
    "our annotations as a key of a job": (
        "  tasks:", "  annotations:\n  meltano_pods: {retries: 1}\n  tasks:", 23,
        "jobs[0].meltano_pods", ("next to `annotations`", "Indent it below"),
    ),
    "our annotations as a key of an environment": (
        "- name: prod", "- name: prod\n  meltano_pods: {}", 5, "environments[1].meltano_pods",
        ("next to `annotations`",),
    ),
    "setting in a job": (
        "  tasks:", "  retries: 1\n  tasks:", 22, "jobs[0].retries",
        ("unknown key `retries` in a job", "annotations: {meltano_pods: {retries: ...}}"),
    ),
    "our annotations are a string": (
        "job: load", "job: load\n  annotations: {meltano_pods: hunter}", 29,
        "schedules[0].annotations.meltano_pods", ("found a string",),
    ),
}  # fmt: skip
