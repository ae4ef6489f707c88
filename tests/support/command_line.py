"""What the tests of the command line share; the fixtures `root` and `said` are in conftest.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RunCli = Callable[..., tuple[int, str, str]]
"""Runs a command and returns exit code, stdout and stderr."""

FILE = "from meltano_pods import airflow_dags\n\nairflow_dags(__file__)\n"
"""A project's DAG file."""


def uncommented(scaffold: str) -> str:
    """Return the `meltano.yml` of `meltano-pods new` with its plugins, schedule and job."""
    text, begun = [], False
    for each in scaffold.splitlines():
        begun = begun or each.startswith("# plugins:")
        # Lines that explain begin with a capital.
        is_code = begun and each.startswith("# ") and not each[2].isupper()
        text.append(each[2:] if is_code else each)
    return "\n".join([*text, ""])


def rewrite(root: Path, old: str, new: str) -> None:
    """Change the text of the project `shop`."""
    file = root / "meltano" / "shop" / "meltano.yml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
