"""The arguments of `meltano-runner run`, and the Meltano command they stand for.

`run` takes what `meltano run` takes (Meltano 4.4) and, with `--state-id`, becomes `meltano el`:
what `meltano schedule run` does for an extract-load schedule, under the schedule's name as state
id. With `--transform` it becomes `meltano elt`, which runs the transformer `dbt` afterwards.
https://docs.meltano.com/reference/command-line-interface#run
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from meltano_runner.contract.environment import STALL_SECONDS


class UsageError(ValueError):
    """The arguments are not those of a run. The message says which, and what is allowed."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The request for one run.

    Attributes:
        blocks: Plugins, `plugin:command`s and job names, in order.
        state_id: State id of an extract-load schedule; None for a `meltano run`.
        transform: Whether an extract-load schedule runs its transformer: `run` (afterwards) or
            `only`; None for no transformer.
        timeout: Seconds after which the run is stopped as on SIGTERM; None for no limit.
        options: Meltano's own options, passed on as they are.
        stall_timeout: Seconds without any activity after which the run is stopped; None for no
            limit.
    """

    blocks: tuple[str, ...]
    state_id: str | None
    timeout: int | None
    options: tuple[str, ...]
    transform: str | None = None
    stall_timeout: int | None = STALL_SECONDS

    def build_arguments(self) -> list[str]:
        """Return Meltano's arguments; the runner handles `--timeout` itself to keep the state."""
        options = [*self.options]
        if "--install" not in options and "--no-install" not in options:
            # Plugins are installed beforehand. Meltano 4.4 reads `auto_install` and then installs
            # all the same, so only the option holds.
            options.append("--no-install")
        if self.state_id is None:
            return ["run", *options, *self.blocks]
        command = ["el"] if self.transform is None else ["elt", f"--transform={self.transform}"]
        return [*command, *options, f"--state-id={self.state_id}", *self.blocks]

    @property
    def moves_records(self) -> bool:
        """Whether it is an extract-load schedule's, and more than its transformer runs."""
        return self.state_id is not None and self.transform != "only"

    def get_values(self, option: str) -> list[str]:
        """Return the values of one of Meltano's options."""
        prefix = f"{option}="
        return [each.removeprefix(prefix) for each in self.options if each.startswith(prefix)]

    @property
    def pair(self) -> tuple[str, str] | None:
        """Tap and target where the blocks are just those, as far as names tell."""
        if len(self.blocks) == 2 and (self.state_id or self.blocks[0].startswith("tap-")):  # noqa: PLR2004
            return self.blocks[0], self.blocks[1]
        return None


_FLAGS = ("--full-refresh", "--refresh-catalog", "--force", "--install", "--no-install")
_RUN_ONLY_FLAGS = ("--no-state-update", "--dry-run")
_VALUES = ("--state-strategy", "--run-id")
_RUN_ONLY_VALUES = ("--state-id-suffix",)
_EL_ONLY_VALUES = ("--select", "--exclude", "--catalog", "--state")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{message}\n{self.format_usage().rstrip()}")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `run`."""
    result = _Parser(
        prog="meltano-runner run",
        description="Run Meltano blocks as `meltano run` does, and write a result.",
        allow_abbrev=False,
    )
    result.add_argument("blocks", nargs="+", help="plugins, plugin:command or job names, in order")
    result.add_argument(
        "--state-id",
        metavar="ID",
        help="run one tap and one target as an extract-load schedule of this name",
    )
    result.add_argument(
        "--transform",
        choices=("run", "only"),
        help="run the transformer `dbt` afterwards, or alone (only with --state-id)",
    )
    result.add_argument(
        "--timeout",
        type=_parse_positive,
        metavar="SECONDS",
        help="stop after this time: the target drains and the state is saved",
    )
    result.add_argument(
        "--stall-timeout",
        type=_parse_non_negative,
        metavar="SECONDS",
        default=STALL_SECONDS,
        help="stop after this time without any activity (default: %(default)s; 0: never)",
    )
    for flag in (*_FLAGS, *_RUN_ONLY_FLAGS):
        note = " (not with --state-id)" if flag in _RUN_ONLY_FLAGS else ""
        result.add_argument(flag, action="store_true", help=f"as in meltano run{note}")
    for option in (*_VALUES, *_RUN_ONLY_VALUES):
        note = " (not with --state-id)" if option in _RUN_ONLY_VALUES else ""
        result.add_argument(option, help=f"as in meltano run{note}")
    for option in _EL_ONLY_VALUES:
        result.add_argument(
            option, action="append", default=[], help="as in meltano el (only with --state-id)"
        )
    return result


def parse_arguments(arguments: list[str]) -> RunRequest:
    """Read the arguments after `run`.

    Raises:
        UsageError: An unknown option, a bad value, or options that do not go together.
        SystemExit: The arguments contain `--help`.
    """
    known = build_parser().parse_intermixed_args(arguments)
    values_by_name = vars(known)
    is_el = known.state_id is not None
    wrong = _RUN_ONLY_FLAGS + _RUN_ONLY_VALUES if is_el else ("--transform", *_EL_ONLY_VALUES)
    for option in wrong:
        if values_by_name[_get_attribute(option)]:
            raise UsageError(
                f"{option} cannot be used {'with' if is_el else 'without'} --state-id: "
                f"`meltano {'el' if is_el else 'run'}` has no such option"
            )
    if is_el and len(known.blocks) != 2:  # noqa: PLR2004
        raise UsageError(
            f"--state-id takes one tap and one target, found: {' '.join(known.blocks)}; "
            "leave it out to run other blocks"
        )
    options = [flag for flag in (*_FLAGS, *_RUN_ONLY_FLAGS) if values_by_name[_get_attribute(flag)]]
    for option in (*_VALUES, *_RUN_ONLY_VALUES, *_EL_ONLY_VALUES):
        values = values_by_name[_get_attribute(option)] or []
        options.extend(
            f"{option}={value}" for value in ([values] if isinstance(values, str) else values)
        )
    return RunRequest(
        tuple(known.blocks),
        known.state_id,
        known.timeout,
        tuple(options),
        known.transform,
        known.stall_timeout or None,
    )


def find_meltano() -> str:
    """Return the `meltano` beside this Python, else the first on PATH.

    Raises:
        FileNotFoundError: There is none.
    """
    beside = Path(sys.executable).parent / "meltano"
    found = str(beside) if beside.exists() else shutil.which("meltano")
    if found is None:
        raise FileNotFoundError(
            f"no `meltano` beside {sys.executable} nor on PATH: install the runner into the "
            "environment that holds Meltano"
        )
    return found


def _get_attribute(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def _parse_non_negative(text: str) -> int:
    return 0 if text == "0" else _parse_positive(text)


def _parse_positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds above 0")
    return int(text)
