"""Determines why a run failed, from what was observed."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, NamedTuple

from meltano_runner.contract.categories import Category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_runner.contract.dbt import DbtNode
    from meltano_runner.run.tracker import Tracker

_MELTANO_USAGE = 2  # exit code of click for bad arguments

_Rules = tuple[tuple[Category, tuple[str, ...]], ...]

# In this order, because a full disk appears as an error of a tap or a target.
_BY_TEXT: _Rules = (
    (
        Category.DISK_FULL,
        ("No space left on device", "ENOSPC", "Disk quota exceeded", "disk is full"),
    ),
    (
        Category.VARIABLE_MISSING,
        (
            # With Meltano's `ff.strict_env_var_mode`; without it there is an empty value.
            r"Environment variable '\w+' referenced but not set",
            # Of a plugin's command
            "referenced unset environment variable",
            # dbt's
            "Env var required but not provided",
        ),
    ),
    (
        Category.PLUGIN_MISSING,
        (
            "is not known to Meltano",
            r"Block \S+ not found",
            "Executable '.*' could not be found",
            "may not have been installed",
            r"dbt found \d+ package\(s\) specified",
            "No such file or directory: '[^']*/venv/",
        ),
    ),
    (Category.ALREADY_RUNNING, ("pipeline is already running",)),
    (
        Category.STATE_BACKEND_UNAVAILABLE,
        (
            "Failed to persist incremental state",
            "Could not connect to the database",
            "Cannot upgrade the system database",
            "unable to open database file",
            "state backend",
        ),
    ),
)
_BY_MELTANO_TEXT: _Rules = (
    (
        Category.CONFIG_INVALID,
        (
            r"meltano\.ya?ml",
            "Environment '.*' was not found",
            r"while (parsing|scanning)",
            r"__init__\(\) (missing|got an unexpected)",
            "block violates set requirements",
            "bad block sequence",
            "No such option|Missing argument|Invalid value",
            "must be run inside a Meltano project",
        ),
    ),
    (Category.STATE_BACKEND_UNAVAILABLE, (r"sqlalchemy\.exc", "OperationalError", "psycopg")),
)
_BY_PLUGIN_TEXT: _Rules = (
    (
        Category.CONFIG_INVALID,
        (
            "ConfigValidationError",
            "Config(uration)? (is )?(not valid|invalid|validation)",
            "Command '.*' could not be found",
            # dbt's
            "Could not find profile named",
            "does not have a target named",
            r"No dbt_project\.yml found",
        ),
    ),
    (
        Category.RATE_LIMITED,
        (
            r"\b429\b.*(Client Error|Too Many|status)|(status|code|HTTP)\W{1,3}429\b",
            r"(?i)too ?many ?requests|retry[- ]after",
            r"(?i)rate ?limit(ed|s?\W+(is |was |has been )?(exceeded|reached|hit)| ?exceeded)",
            r"(?i)request_limit_exceeded|throttl(ed|ing)|\bslow ?down\b",
        ),
    ),
)
_ROLES = (
    ("extractors", Category.TAP_FAILED),
    ("loaders", Category.TARGET_FAILED),
    ("mappers", Category.MAPPER_FAILED),
    ("utilities", Category.UTILITY_FAILED),
)


# Meltano's messages without an exit code: the tap's discovery failed, a plugin did not start, the
# target died while Meltano wrote to it.
_ROLE_BY_TEXT = (
    ("extractors", r"[Dd]iscovery failed|Cannot start extractor"),
    ("loaders", r"Cannot start loader|Broken ?[Pp]ipe|ConnectionResetError|^Connection lost"),
)
# How a tap ends when nobody reads what it writes any more.
_NO_READER = re.compile(r"[Bb]roken ?[Pp]ipe|EPIPE|loader|target|closed", re.ASCII)


# Meltano's advice to start a second run, which would write the same state.
_FORCE = re.compile(
    r",? or ignore this check using the '--force' option"
    r"| To ignore this check use the '--force' option\."
)


class Failure(NamedTuple):
    """Category, the plugin that failed and its last error."""

    category: Category
    plugin: str | None
    error: str | None


def classify_failure(tracker: Tracker, exit_code: int, *, oom_killed: bool) -> Failure:
    """Return why a run failed that Meltano ended with `exit_code` (not 0)."""
    meltano_error = tracker.errors.get_meltano_error()
    role = _find_failed_role(tracker) or _find_role(tracker, meltano_error or "")
    plugin = None if role is None else tracker.get_plugin(role)
    error = (tracker.errors.find_last_error(plugin) if plugin else None) or meltano_error
    if role == "utilities":
        error = _find_utility_error(tracker, plugin)
    if oom_killed:
        return Failure(Category.OUT_OF_MEMORY, plugin, error)
    for text in filter(None, (error, meltano_error)):
        if found := _match_rules(_BY_TEXT, text):
            return Failure(found, plugin, _FORCE.sub("", text))
    if tracker.state_lost:
        return Failure(Category.STATE_BACKEND_UNAVAILABLE, None, meltano_error)
    if role == "utilities" and tracker.dbt and (failed := tracker.dbt[-1].failed):
        return Failure(_classify_dbt(failed), plugin, _describe_dbt_error(failed))
    if role is not None:
        category = _match_rules(_BY_PLUGIN_TEXT, error or "") or dict(_ROLES)[role]
        if error is None and tracker.exit_codes.get(role) == -signal.SIGKILL:
            error = "killed (SIGKILL) by something outside the run"
        return Failure(category, plugin, error)
    fallback = Category.CONFIG_INVALID if exit_code == _MELTANO_USAGE else Category.UNKNOWN
    found = _match_rules(_BY_MELTANO_TEXT, meltano_error or "")
    return Failure(found or fallback, None, meltano_error)


def _find_role(tracker: Tracker, meltano_error: str) -> str | None:
    """Return whose failure Meltano describes without an exit code."""
    role = next((role for role, text in _ROLE_BY_TEXT if re.search(text, meltano_error)), None)
    if role == "loaders" and not tracker.errors.has_exception(tracker.get_plugin(role)):
        # The pipe may have been one to a mapper.
        return "mappers" if tracker.mapper else role
    return role


def _find_failed_role(tracker: Tracker) -> str | None:
    """Return the role that failed first: a failure of the tap can cause one of the target.

    If a target dies, the tap fails too, because nobody reads its output. A tap that dies in the
    middle of a line can make the target fail on that line.
    """
    failed = {role for role, code in tracker.exit_codes.items() if code}
    if {"extractors", "loaders"} <= failed:
        tap = tracker.get_plugin("extractors")
        last = (tap and tracker.errors.find_last_error(tap)) or ""
        echo = tracker.exit_codes["extractors"] < 0 or _NO_READER.search(last)
        return "loaders" if echo else "extractors"
    return next((role for role, _ in reversed(_ROLES) if role in failed), None)


def _find_utility_error(tracker: Tracker, plugin: str | None) -> str | None:
    """Return a utility's last error and exit code, which Meltano's exit code does not reveal."""
    last_error = tracker.errors.find_last_error(plugin) if plugin else None
    code = tracker.exit_codes.get("utilities")
    if last_error is None or (tracker.utility_error or "").startswith("Cannot start plugin"):
        return tracker.utility_error
    return f"{last_error} (exit code {code})"


def _classify_dbt(failed: Sequence[DbtNode]) -> Category:
    # A model that cannot be built is worse than data that fails a test.
    broken = any(not node.data_failed for node in failed)
    return Category.DBT_MODEL_FAILED if broken else Category.DBT_TEST_FAILED


def _describe_dbt_error(failed: Sequence[DbtNode]) -> str:
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    first = next((node for node in failed if not node.data_failed), failed[0])
    return f"{first.describe()}{more}"


def _match_rules(rules: _Rules, text: str) -> Category | None:
    for category, patterns in rules:
        if any(re.search(pattern, text) for pattern in patterns):
            return category
    return None
