"""How commands speak."""

from __future__ import annotations

import json
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

format_option: Callable[[Callable[..., int]], Callable[..., int]] = click.option(
    "--format",
    "form",
    type=click.Choice([TABLE, JSON, YAML]),
    default=TABLE,
    show_default=True,
    help="For people, or for other programs.",
)


def show_data(data: object, form: str) -> None:
    """Write data as JSON or YAML."""
    if form == JSON:
        click.echo(json.dumps(data, indent=2))
    else:
        click.echo(yaml.safe_dump(data, sort_keys=False), nl=False)


def show_table(rows: Iterable[Sequence[str]], indent: str = "") -> None:
    """Write rows in columns; the first one is their head."""
    every = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for number, row in enumerate(every):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        line = indent + "  ".join(cells).rstrip()
        click.echo(click.style(line, bold=True) if number == 0 else line)


def show_faults(faults: Iterable[MeltanoPodsError]) -> None:
    """Write faults to stderr, each with where and fix."""
    _show(faults, click.style("error: ", fg="red", bold=True))


def show_warnings(found: Iterable[MeltanoPodsError]) -> None:
    """Write what may be a fault elsewhere to stderr, each with where and fix."""
    _show(found, click.style("warning: ", fg="yellow", bold=True))


def group(found: Iterable[MeltanoPodsError]) -> list[MeltanoPodsError]:
    """Return errors or warnings with those that differ only in place as one, with all places."""
    places: dict[tuple[str, str], list[MeltanoPodsError]] = {}
    for each in found:
        places.setdefault((each.what, each.fix), []).append(each)
    return [
        MeltanoPodsError(what, _join([each.where for each in several]), fix)
        for (what, fix), several in places.items()
    ]


def _join(places: Sequence[Location | str]) -> Location | str:
    """Return several places as one: of the same file, only the lines."""
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


def _show(found: Iterable[MeltanoPodsError], head: str) -> None:
    for each in group(found):
        click.echo(f"{head}{each.what}\n  where: {each.where}\n  fix: {each.fix}", err=True)


def typed(*arguments: str) -> str:
    """Return a command of ours as it is typed here: by its path where its name would not do."""
    script = Path(sys.argv[0])
    found = shutil.which(_NAME)
    by_path = script.name == _NAME and not (found and script.exists() and script.samefile(found))
    if found is None and script.name != _NAME and _IN_CLONE.is_file():  # a make target
        script, by_path = _IN_CLONE, True
    return shlex.join([str(script) if by_path else _NAME, *arguments])


def fault_data(fault: MeltanoPodsError) -> dict[str, Any]:
    """Return a fault as JSON-compatible data."""
    where = fault.where
    place = (
        {"file": where.file, "line": where.line, "key": where.key}
        if isinstance(where, Location)
        else {"file": None, "line": None, "key": None}
    )
    return {"what": fault.what, "where": str(where), **place, "fix": fault.fix}
