"""`make docs`: writes the reference pages that are made from the code; `--check` compares."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from meltano_pods.cli.main import COMMANDS, cli
from meltano_pods.parameters import RunChoices, form
from meltano_pods.parameters.choices import ENVIRONMENT, ONLY_TASKS
from meltano_pods.parameters.interval import VARIABLES
from meltano_pods.settings import ORDER, Settings
from meltano_pods.settings.deployment.model import DeploymentSettings
from meltano_pods.settings.deployment.profiles import PROFILES
from meltano_pods.settings.messages import in_yaml
from meltano_pods.settings.model import levels_refused
from meltano_runner.contract import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
_MADE = "<!-- Made by `make docs` from `{source}`; change it there. -->\n\n"


SETTINGS = {
    "The DAG": (
        "description", "owner", "owner_link", "tags", "timezone", "start_date", "catchup",
    ),
    "What a task runs": (
        "environment", "env", "not_secret", "full_refresh", "refresh_catalog", "no_state_update",
        "select_filter", "state_id_suffix", "state_strategy", "backfill_state", "log_level",
        "allowed_environments",
    ),
    "Order, and how many at once": (
        "needs", "max_active_tasks", "pool", "state_pool", "priority_weight", "weight_rule",
    ),
    "Retries and time": (
        "retries", "retry_delay", "max_retry_delay", "run_timeout", "stop_grace",
    ),
    "What becomes of the result": ("expect", "notify", "assets"),
    "Secrets and state": ("airflow_env", "secrets", "secret_env", "state", "database_secret"),
    "Pods": (
        "launcher", "mode", "image", "image_pull_policy", "image_pull_secrets", "resources",
        "namespace", "service_account", "pod_template", "pod_override", "worker_override",
        "start_timeout",
    ),
}  # fmt: skip
"""All settings, by what they shape."""


def pages() -> dict[Path, str]:
    """Return each page's text by its path."""
    return {
        FOLDER / "settings.md": settings(),
        FOLDER / "deployment.md": deployment(),
        FOLDER / "categories.md": categories(),
        FOLDER / "cli.md": command_line(),
        FOLDER / "parameters.md": parameters(),
        FOLDER / "variables.md": variables(),
    }


def _page(
    title: str,
    source: str,
    about: Iterable[str],
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
) -> str:
    """Return a page that is one table.

    Args:
        title: Its heading.
        source: The file it is made from.
        about: The lines before the table.
        head: The heads of the columns.
        rows: The cells of the other lines.
    """
    return f"{_head(title, source, about)}\n{_table(head, rows)}"


def _head(title: str, source: str, about: Iterable[str]) -> str:
    return "\n".join([f"# {title}", "", _MADE.format(source=source).rstrip(), "", *about, ""])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    every = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in every)


def settings() -> str:
    """Return the page of settings."""
    about = [
        "What `meltano.yml` may say about its DAGs and tasks, under `annotations: meltano_pods:`",
        f"of these levels, later ones winning: {', '.join(ORDER)}. Maps merge, lists replace.",
        "Below all of them are the [deployment's settings](deployment.md), above all what a run is",
        "started with. The project's own annotations stand at the top of the file; those of single",
        "tasks in a job's or schedule's, as a map `tasks` from [their ids](../how-to/branches.md)",
        "to settings. A plugin has the settings of",
        "the plugin that it extends by `inherit_from`, and its own over them. An environment may",
        "speak of a plugin under `config: plugins:`; that wins over what the plugin says itself.",
        "",
        "```yaml",
        "annotations:",
        "  meltano_pods:",
        "    owner: data-team",
        "    retries: 3",
        "schedules:",
        "- name: daily",
        "  interval: '@daily'",
        "  extractor: tap-csv",
        "  loader: target-jsonl",
        "  transform: skip",
        "  annotations:",
        "    meltano_pods:",
        "      timezone: Europe/Berlin",
        "      run_timeout: 2h",
        "```",
        "",
        "`meltano-pods plan --settings` shows which level has set what; `meltano-pods schema`",
        "writes a JSON schema, by which editors complete and check all of it.",
    ]
    parts = [
        f"## {title}\n\n" + _table(_HEAD, map(_row, names)) for title, names in SETTINGS.items()
    ]
    return "\n".join([_head("Settings", "include/meltano_pods/settings/model.py", about), *parts])


_HEAD = ("setting", "default", "example", "meaning", "not at")


def _row(name: str) -> tuple[str, ...]:
    field = Settings.model_fields[name]
    default = _default(field.get_default(call_default_factory=True))
    (example, *_) = field.examples or [None]
    shown = in_yaml(name, example).partition(": ")[2]
    meaning, refused = str(field.description), ", ".join(levels_refused(name))
    return f"`{name}`", default, f"`{shown}`", meaning, refused


def deployment() -> str:
    """Return the page of the deployment's settings."""
    about = [
        "What Airflow is told about all its pods: the section `[meltano_pods]` of its",
        "configuration, or an environment variable each, such as `AIRFLOW__MELTANO_PODS__PROFILE`.",
        "A project's own [settings](settings.md) come before these. A key that is not listed is an",
        "error. An empty value counts as unset, except where it is marked.",
        "",
        "`profile` sets the defaults of the others for a kind of place (a blank cell: as the",
        "default has it); each can still be set. It is never detected. Set it where it holds: as a",
        "variable of the Astro Deployment, not in the image, which `astro dev start` runs, too.",
    ]
    head = ("setting", "default", *(f"`{name}`" for name in PROFILES), "example", "meaning")
    rows = []
    for name, field in DeploymentSettings.model_fields.items():
        values = [
            field.get_default(call_default_factory=True),
            *(each.get(name, _SAME) for each in PROFILES.values()),
        ]
        shown = [_default(_joined(value)) for value in values]
        mark = f" Empty: {each}." if (each := _empty(field.json_schema_extra)) else ""
        (example, *_) = field.examples or [""]
        rows.append([f"`{name}`", *shown, f"`{example}`", f"{field.description}{mark}"])
    source = "include/meltano_pods/settings/deployment/model.py"
    return _page("Settings of a deployment", source, about, head, rows)


def categories() -> str:
    """Return the page of categories."""
    text = "# Why a run failed\n\n"
    text += _MADE.format(source="include/meltano_runner/contract/categories.py")
    text += "The category of a run that did not succeed, in Airflow's log and in the "
    text += "[result](result.md).\nAirflow retries where a retry can help.\n\n"
    text += "Commands that begin with `meltano` are typed in the project's folder where Meltano is "
    text += "in the path,\nand in a clone of this repository by make:\n"
    text += "`make meltano PROJECT=csv_to_json ARGS='invoke tap-csv --discover'`.\n"
    for category, info in CATEGORIES.items():
        text += f"\n## {category.value}\n\n{info.summary}\n\n{info.hint}\n\n"
        text += f"Retried: {'yes' if info.retry else 'no'}.\n"
    return text


def command_line() -> str:
    """Return the page of the command line."""
    text = "# The command line\n\n"
    text += _MADE.format(source="include/meltano_pods/cli")
    text += (
        "`meltano-pods` is in `.venv/bin` here, and in the path of any environment that has the\n"
    )
    text += "package; `python -m meltano_pods` is the same.\n\n" + _help_of("meltano-pods", cli)
    for name in COMMANDS:
        command = cast("click.Command", cli.get_command(click.Context(cli), name))
        text += f"\n## {name}\n\n" + _help_of(f"meltano-pods {name}", command)
    return text


def _help_of(name: str, command: click.Command) -> str:
    context = click.Context(
        command, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )  # fmt: skip
    return f"```text\n{command.get_help(context)}\n```\n"


_WIDTH = 90


def parameters() -> str:
    """Return the page of the parameters of runs."""
    about = [
        "What Airflow asks when a DAG is started by hand, and takes as `conf` by its REST API, its",
        "command line, `TriggerDagRunOperator` and backfills. Those about streams and state are",
        "offered by DAGs with an extractor, `environment` where `allowed_environments` names some,",
        "`only_tasks` by DAGs of more than one task. Each begins with what the",
        "[settings](settings.md) say, else with the default.",
        "[How to use them](../how-to/run-parameters.md).",
    ]
    rows = []
    example = RunChoices(environments=("staging",), task_ids=("first", "second"), taps=("tap",))
    for name, (begun, schema) in form(example, "prod").items():
        open_ended = name in (ENVIRONMENT, ONLY_TASKS)
        kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        default = "the DAG's own" if name == ENVIRONMENT else _default(begun)
        allowed = _OPEN[name] if open_ended else _allowed(schema)
        rows.append((f"`{name}`", " or ".join(kinds), default, schema["description"], allowed))
    head = ("parameter", "type", "default", "meaning", "allowed")
    source = "include/meltano_pods/parameters/form.py"
    return _page("Parameters of a run", source, about, head, rows)


_OPEN = {
    ENVIRONMENT: "its own environment and those of `allowed_environments`",
    ONLY_TASKS: "ids of tasks of the DAG",
}


def _allowed(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema["type"] == "boolean":
        return "`true`, `false`"
    pattern = schema.get("pattern") or schema["items"]["pattern"]
    whose = "matches" if "pattern" in schema else "each matches"
    return f"{whose} `{pattern.replace('|', chr(92) + '|')}`"


def variables() -> str:
    """Return the page of the variables of runs."""
    about = [
        "Environment variables that every run has, in a pod and in a process alike. `meltano.yml`",
        "takes them as `$NAME` in the configuration of plugins. Where Airflow has no value the",
        "variable is unset, for which Meltano puts an empty text; the setting `env` can give it",
        "one for that case. [How to use them](../how-to/backfill.md).",
    ]
    rows = [(f"`{name}`", meaning) for name, meaning in VARIABLES.items()]
    source = "include/meltano_pods/parameters/interval.py"
    table = _page("Variables of a run", source, about, ("variable", "meaning"), rows)
    return f"{table}\n{_FILES}"


_FILES = """\
## A folder for files

`MELTANO_PODS_OUTPUT` names a folder of the project that outlives the run, for targets that write
files. It is set where there is one:

| where | folder |
| --- | --- |
| `make run`, `make airflow`, `make meltano`, `meltano-pods run` | `output/PROJECT` |
| the cluster of `make up` | `/output`, on the volume that `make output` lists |
| `astro dev start` | `/usr/local/airflow/data/PROJECT` |

No plugin reads it by itself: a `meltano.yml` names it, as in `destination_path:
$MELTANO_PODS_OUTPUT`. Any other destination stays as it is written. Elsewhere the setting `env` can
name a folder of a volume of yours; load into a database or object storage where pods have none.
"""


_SAME = object()


def _joined(value: object) -> object:
    return ", ".join(value) if isinstance(value, tuple) else value


def _empty(extra: object) -> str:
    return str(extra.get("empty", "")) if isinstance(extra, dict) else ""


def _default(value: object) -> str:
    if value is _SAME:
        return ""
    if value is None:
        return "none"
    if isinstance(value, timedelta):
        return f"`{value.total_seconds():g}s`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value or value == 0 else "empty"


def main() -> int:
    """Write the pages, or with `--check` name those that differ."""
    differing = [
        path for path, text in pages().items() if not path.exists() or path.read_text() != text
    ]
    if sys.argv[1:] == ["--check"]:
        for path in differing:
            print(f"{path.name} is not what the code says: run `make docs`")
        return 1 if differing else 0
    for path, text in pages().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
