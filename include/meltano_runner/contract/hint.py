"""What to do about a run that failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_runner.contract.categories import CATEGORIES, Category

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_runner.contract.result import RunResult


_COMMAND = re.compile(r"`meltano ([^`]+)`")


def build_hint(result: RunResult, format_meltano: Callable[[str], str] | None = None) -> str:
    """Return the hint of a result's category, with its placeholders filled in from the result.

    Args:
        result: The result of the run.
        format_meltano: Returns the Meltano command for the place of the run, from its arguments;
            None for `meltano ...`.
    """
    nodes = [node for command in result.dbt for node in command.failed]
    plugin_placeholders = ("<tap>", "<plugin>", "<dbt plugin>")
    names: dict[str, str | None] = dict.fromkeys(plugin_placeholders, result.failed_plugin)
    names["<name>"] = nodes[0].name if nodes else None
    hint = CATEGORIES[result.category or Category.UNKNOWN].hint
    for placeholder, name in names.items():
        hint = hint.replace(placeholder, name or placeholder)
    if format_meltano is None:
        return hint
    return _COMMAND.sub(lambda command: f"`{format_meltano(command[1])}`", hint)
