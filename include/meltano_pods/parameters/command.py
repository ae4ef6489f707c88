"""Turns the options of a run into arguments and variables of `meltano-runner`.

Every value is one argument or one variable, as it is: nothing goes through a shell or a template.
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
    """What a run's process or pod receives.

    Attributes:
        arguments: What follows `meltano-runner`.
        environment: Meltano environment; None leaves the choice to Meltano.
        env: Environment variables that the options amount to.
    """

    arguments: tuple[str, ...]
    environment: str | None
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else a run's arguments depend on.

    Attributes:
        environment: Meltano environment of the task; None leaves the choice to Meltano.
        other_environment: The one that was chosen for this run, if another.
        backfill_suffix: What sets the state of a backfill's run apart; None for none.
        taps: The task's extractors.
        other_taps: The DAG's other ones, which patterns may name, too.
    """

    environment: str | None = None
    other_environment: str | None = None
    backfill_suffix: str | None = None
    taps: tuple[str, ...] = ()
    other_taps: tuple[str, ...] = ()


def invocation(
    arguments: Sequence[str], options: RunOptions, at: Circumstances | None = None
) -> Invocation:
    """Return what to tell the runner.

    A schedule of extractor and loader runs by `meltano el`, which knows of a state id alone: its
    suffix becomes part of that, and so does another environment, which `meltano run` puts into
    state ids by itself. Without the state, `meltano run` is the same run.

    Args:
        arguments: A task's own: what follows `meltano-runner` without these options.
        options: How to run it.
        at: What else it depends on.

    Raises:
        ParameterError: Options that this task cannot run with.
    """
    at = at or Circumstances()
    before, name, after = _split(arguments)
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
        state_id = (STATE_ID, state_id_of(name, at.other_environment, suffix))
    elif environment is None:
        raise ParameterError(
            f"`no_state_update` needs an environment: `meltano el`, which runs the schedule "
            f"`{name}`, has no such option, and `meltano run` runs nothing without an environment",
            "parameter or setting no_state_update",
            "Add an environment to meltano.yml, or run with a `state_id_suffix` of its own.",
        )
    env = dict(_select_filters(options.select_filter, at.taps, at.other_taps))
    if options.log_level is not None:
        env[LOG_LEVEL] = options.log_level
    return Invocation((*before, *state_id, *after, *flags), environment, env)


def state_id_of(name: str, other_environment: str | None, suffix: str | None) -> str:
    """Return the state id of a schedule of extractor and loader: `daily`, `daily:SUFFIX`.

    Args:
        name: The schedule's name.
        other_environment: The Meltano environment, if another than the DAG's own.
        suffix: What sets the state apart; None for nothing.
    """
    return ":".join(filter(None, (name, other_environment, suffix)))


def _split(
    arguments: Sequence[str],
) -> tuple[tuple[str, ...], str | None, tuple[str, ...]]:
    """Return what stands before the state id, the state id if there is one, and what follows."""
    given = tuple(arguments)
    for place, each in enumerate(given):
        if each == STATE_ID:
            return given[:place], "".join(given[place + 1 : place + 2]), given[place + 2 :]
        option, equals, value = each.partition("=")
        if equals and option == STATE_ID:
            return given[:place], value, given[place + 1 :]
    return given, None, ()


def _select_filters(
    patterns: Iterable[str], taps: Iterable[str], other_taps: Iterable[str]
) -> Iterable[tuple[str, str]]:
    """Yield the variable by which Meltano takes each tap's `select_filter`, and its value."""
    known = {*taps, *other_taps}
    common: list[str] = []
    own: dict[str, list[str]] = {}
    for pattern in patterns:
        tap, colon, rest = pattern.partition(":")
        if colon and tap in known:
            own.setdefault(tap, []).append(rest)
        else:
            common.append(pattern)
    for tap in taps:
        if chosen := [*common, *own.get(tap, ())]:
            # Patterns name streams; in Meltano's, an unescaped dot would begin a column's name.
            yield _variable(tap), json.dumps([each.replace(".", r"\.") for each in chosen])


def _variable(tap: str) -> str:
    # The extra's own name begins with an underscore, too.
    return re.sub(r"[^A-Za-z0-9]", "_", f"{tap}__select_filter").upper()
