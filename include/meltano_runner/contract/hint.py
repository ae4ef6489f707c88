"""What to do about a run that failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_runner.contract.categories import CATEGORIES, Category

if TYPE_CHECKING:
    from collections.abc import Callable

    from meltano_runner.contract.result import RunResult


_COMMAND = re.compile(r"`meltano ([^`]+)`")


def hint_of(result: RunResult, typed: Callable[[str], str] | None = None) -> str:
    """Return the hint of a category, with the names it leaves open where the result has them.

    Args:
        result: Of the run.
        typed: Returns how a command of Meltano is typed where the run happened, from its arguments;
            None for `meltano ...`.
    """
    nodes = [node for command in result.dbt for node in command.failed]
    of_plugin = ("<tap>", "<plugin>", "<dbt plugin>")
    names: dict[str, str | None] = dict.fromkeys(of_plugin, result.failed_plugin)
    names["<name>"] = nodes[0].name if nodes else None
    hint = CATEGORIES[result.category or Category.UNKNOWN].hint
    for open_name, name in names.items():
        hint = hint.replace(open_name, name or open_name)
    if typed is None:
        return hint
    return _COMMAND.sub(lambda command: f"`{typed(command[1])}`", hint)
