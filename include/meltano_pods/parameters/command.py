"""Turns the options of a run into arguments and variables of `meltano-runner`.

Each value becomes one argument or variable unchanged, without a shell or a template.
https://docs.meltano.com/reference/command-line-interface#run
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meltano_pods.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meltano_pods.settings.run import RunOptions

LOG_LEVEL = "MELTANO_CLI_LOG_LEVEL"
STATE_ID = "--state-id"
TRANSFORM = "--transform"


@dataclass(frozen=True, slots=True)
class Invocation:
    """The arguments and variables of a run's process or pod.

    Attributes:
        arguments: What follows `meltano-runner`.
        environment: Meltano environment; None leaves the choice to Meltano.
        env: Environment variables that pass options.
    """

    arguments: tuple[str, ...]
    environment: str | None
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvocationContext:
    """What a run's arguments depend on besides its options.

    Attributes:
        environment: Meltano environment of the task; None leaves the choice to Meltano.
        other_environment: The one that was chosen for this run, if it differs.
        backfill_suffix: State id suffix of a backfill's run; None for other runs.
        taps: The task's extractors.
        other_taps: The DAG's other extractors, which patterns may name, too.
    """

    environment: str | None = None
    other_environment: str | None = None
    backfill_suffix: str | None = None
    taps: tuple[str, ...] = ()
    other_taps: tuple[str, ...] = ()


def build_invocation(
    arguments: Sequence[str], options: RunOptions, at: InvocationContext | None = None
) -> Invocation:
    """Return the invocation of the runner.

    A schedule of extractor and loader runs with `meltano el`, whose only state option is the state
    id: the suffix becomes part of it, and so does another environment, which `meltano run` adds to
    state ids itself. Without the state, `meltano run` does the same.

    Args:
        arguments: The task's arguments of `meltano-runner`, without these options.
        options: The run options.
        at: What else the arguments depend on.

    Raises:
        ParameterError: Options that this task cannot run with.
    """
    at = at or InvocationContext()
    before, name, after = _split_state_id(arguments)
    environment = at.other_environment or at.environment
    suffix = "-".join(filter(None, (options.state_id_suffix, at.backfill_suffix))) or None
    flags = [
        f"--{each.replace('_', '-')}"
        for each in ("full_refresh", "refresh_catalog", "no_state_update")
        if getattr(options, each) and f"--{each.replace('_', '-')}" not in arguments
    ]
    if options.state_strategy != "auto":
        flags.append(f"--state-strategy={options.state_strategy}")
    state_id: tuple[str, ...] = ()
    if name is None:
        if suffix is not None:
            flags.append(f"--state-id-suffix={suffix}")
    elif TRANSFORM in arguments and options.no_state_update:
        raise ParameterError(
            f"`no_state_update` cannot be combined with `transform` of the schedule `{name}`: "
            "`meltano elt` has no such option",
            "parameter or setting no_state_update",
            "Run with a `state_id_suffix` of its own.",
        )
    elif not options.no_state_update:
        state_id = (STATE_ID, build_state_id(name, at.other_environment, suffix))
    elif environment is None:
        raise ParameterError(
            f"`no_state_update` needs an environment: `meltano el`, which runs the schedule "
            f"`{name}`, has no such option, and `meltano run` runs nothing without an environment",
            "parameter or setting no_state_update",
            "Add an environment to meltano.yml, or run with a `state_id_suffix` of its own.",
        )
    env = dict(_iterate_select_filters(options.select_filter, at.taps, at.other_taps))
    if options.log_level is not None:
        env[LOG_LEVEL] = options.log_level
    return Invocation((*before, *state_id, *after, *flags), environment, env)


def build_state_id(name: str, other_environment: str | None, suffix: str | None) -> str:
    """Return the state id of a schedule of extractor and loader: `daily`, `daily:SUFFIX`.

    Args:
        name: The schedule's name.
        other_environment: The Meltano environment, if it is not the DAG's own.
        suffix: Suffix of the state id; None for no suffix.
    """
    return ":".join(filter(None, (name, other_environment, suffix)))


def _split_state_id(
    arguments: Sequence[str],
) -> tuple[tuple[str, ...], str | None, tuple[str, ...]]:
    """Return the arguments before the state id, the state id or None, and those after it."""
    words = tuple(arguments)
    for place, each in enumerate(words):
        if each == STATE_ID:
            return words[:place], "".join(words[place + 1 : place + 2]), words[place + 2 :]
        option, equals, value = each.partition("=")
        if equals and option == STATE_ID:
            return words[:place], value, words[place + 1 :]
    return words, None, ()


def _iterate_select_filters(
    patterns: Iterable[str], taps: Iterable[str], other_taps: Iterable[str]
) -> Iterable[tuple[str, str]]:
    """Yield the variable of each tap's `select_filter` and its value."""
    known = {*taps, *other_taps}
    common: list[str] = []
    by_tap: dict[str, list[str]] = {}
    for pattern in patterns:
        tap, colon, rest = pattern.partition(":")
        if colon and tap in known:
            by_tap.setdefault(tap, []).append(rest)
        else:
            common.append(pattern)
    for tap in taps:
        if selected := [*common, *by_tap.get(tap, ())]:
            # Patterns name streams; to Meltano, an unescaped dot separates a column's name.
            yield (
                _get_variable_name(tap),
                json.dumps([each.replace(".", r"\.") for each in selected]),
            )


def _get_variable_name(tap: str) -> str:
    # The name of the extra itself begins with an underscore, too.
    return re.sub(r"[^A-Za-z0-9]", "_", f"{tap}__select_filter").upper()
