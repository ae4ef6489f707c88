"""How commands write: results to stdout, errors and logs to stderr."""

from __future__ import annotations

import json
import logging
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from meltano_pods.errors import Location, MeltanoPodsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_NAME = "meltano-pods"
_IN_CLONE = Path(".venv") / "bin" / _NAME
"""Where a clone of the repository has the command, which is then not on the PATH."""
TABLE, JSON, YAML = "table", "json", "yaml"
_COLOURS = {logging.WARNING: "yellow", logging.ERROR: "red", logging.CRITICAL: "red"}

format_option: Callable[[Callable[..., int]], Callable[..., int]] = click.option(
    "--format",
    "form",
    type=click.Choice([TABLE, JSON, YAML]),
    default=TABLE,
    show_default=True,
    help="A table for people, JSON or YAML for programs.",
)


def show_data(data: object, form: str) -> None:
    """Write data as JSON or YAML."""
    if form == JSON:
        click.echo(json.dumps(data, indent=2))
    else:
        click.echo(yaml.safe_dump(data, sort_keys=False), nl=False)


def format_value(value: object) -> str:
    """Return a value of a setting for a table; `none` if it is not set."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def show_table(rows: Iterable[Sequence[str]], indent: str = "") -> None:
    """Write rows in columns below the first row, which is the header."""
    every = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for number, row in enumerate(every):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        line = indent + "  ".join(cells).rstrip()
        click.echo(click.style(line, bold=True) if number == 0 else line)


def show_errors(errors: Iterable[MeltanoPodsError]) -> None:
    """Write errors to stderr, each with its place and fix."""
    _show(errors, click.style("error: ", fg="red", bold=True))


def show_warnings(warnings: Iterable[MeltanoPodsError]) -> None:
    """Write warnings to stderr, each with its place and fix."""
    _show(warnings, click.style("warning: ", fg="yellow", bold=True))


def group_by_text(errors: Iterable[MeltanoPodsError]) -> list[MeltanoPodsError]:
    """Return errors or warnings; those that differ only in their place become one."""
    places: dict[tuple[str, str], list[MeltanoPodsError]] = {}
    for each in errors:
        places.setdefault((each.what, each.fix), []).append(each)
    return [
        MeltanoPodsError(what, _join_places([each.where for each in several]), fix)
        for (what, fix), several in places.items()
    ]


def _join_places(places: Sequence[Location | str]) -> Location | str:
    """Return several places as one, naming each file once."""
    first, *others = dict.fromkeys(places)
    if not others:
        return first
    texts = [str(first)]
    for before, each in zip((first, *others), others, strict=False):
        same = isinstance(before, Location) and isinstance(each, Location)
        text = str(each)
        if same and before[0] == each[0]:
            text = text.removeprefix(f"{each[0]}, ")
        texts.append(text)
    return "; ".join(texts)


def _show(errors: Iterable[MeltanoPodsError], head: str) -> None:
    for each in group_by_text(errors):
        click.echo(f"{head}{each.what}\n  where: {each.where}\n  fix: {each.fix}", err=True)


def format_cli_command(*arguments: str) -> str:
    """Return a `meltano-pods` command that works when it is typed here.

    It has the path of the program if the program is not on the PATH.
    """
    script = Path(sys.argv[0])
    on_path = shutil.which(_NAME)
    by_path = script.name == _NAME and not (
        on_path and script.exists() and script.samefile(on_path)
    )
    if on_path is None and script.name != _NAME and _IN_CLONE.is_file():  # a make target
        script, by_path = _IN_CLONE, True
    return shlex.join([str(script) if by_path else _NAME, *arguments])


def build_error_data(error: MeltanoPodsError) -> dict[str, Any]:
    """Return an error as JSON-compatible data."""
    where = error.where
    place = (
        {"file": where.file, "line": where.line, "key": where.key}
        if isinstance(where, Location)
        else {"file": None, "line": None, "key": None}
    )
    return {"what": error.what, "where": str(where), **place, "fix": error.fix}


class TerminalLog:
    """A run's log on stderr; implements `tasks.relay.Log`."""

    def log(self, level: int, msg: str, /, *args: object) -> None:
        """Write one line; a warning or an error begins with its level."""
        text = msg % args if args else msg
        if level >= logging.WARNING:
            text = f"{click.style(logging.getLevelName(level), fg=_COLOURS.get(level))} {text}"
        click.echo(text, err=True)

    def info(self, msg: str, /, *args: object) -> None:
        """Write one line at INFO."""
        self.log(logging.INFO, msg, *args)

    def warning(self, msg: str, /, *args: object) -> None:
        """Write one line at WARNING."""
        self.log(logging.WARNING, msg, *args)
