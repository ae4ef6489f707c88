"""Executes one run, from its arguments to its written result, even if it fails."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from meltano_runner.contract.categories import CATEGORIES, Category
from meltano_runner.contract.environment import GRACE_SECONDS, LOG_FORMAT, RESULT_FILE
from meltano_runner.contract.hint import build_hint
from meltano_runner.contract.message import EXPLAINED_BY, MAX_BYTES, encode_log_line, encode_result
from meltano_runner.contract.result import Outcome, RunResult, sum_counts
from meltano_runner.run import (
    classify,
    command,
    database,
    dbt,
    drift,
    logging_config,
    memory,
    secrets,
    tap_files,
    variables,
    workspace,
)
from meltano_runner.run.classify import Failure
from meltano_runner.run.definitions import Definitions
from meltano_runner.run.output import STDOUT, Log, format_line
from meltano_runner.run.selection import read_selection
from meltano_runner.run.supervise import Supervisor
from meltano_runner.run.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_runner.run.redact import Redactor
    from meltano_runner.run.stop import Stop

_TERMINATION_LOG = Path("/dev/termination-log")
_EXIT_STOPPED = 143  # 128 + SIGTERM, as a shell and Kubernetes have it
_EXIT_USAGE = 2
_DEFAULT_GRACE = 120.0


def execute(arguments: list[str]) -> int:
    """Execute one run and return the exit code. Never raises; the result describes errors."""
    started = monotonic()
    try:
        result = _execute(arguments)
    except command.UsageError as error:
        sys.stderr.write(f"meltano-runner: {error}\n")
        result = RunResult(
            Outcome.FAILED, _EXIT_USAGE, Category.CONFIG_INVALID, error=str(error).splitlines()[0]
        )
    except drift.DriftError as error:
        result = RunResult(Outcome.FAILED, 1, Category.CONFIG_DRIFT, error=str(error))
    except variables.MissingVariableError as error:
        plugin = error.missing[0].plugin
        category = Category.VARIABLE_MISSING
        result = RunResult(Outcome.FAILED, 1, category, failed_plugin=plugin, error=str(error))
    except FileNotFoundError as error:
        result = RunResult(Outcome.FAILED, 1, Category.PLUGIN_MISSING, error=str(error))
    except Exception as error:  # noqa: BLE001 - the result must be written whatever happens
        sys.excepthook(type(error), error, error.__traceback__)
        text = f"{type(error).__name__} in the runner: {error}"
        result = RunResult(Outcome.FAILED, 1, Category.UNKNOWN, error=text)
    result = replace(result, seconds=monotonic() - started, peak_memory_bytes=memory.measure_peak())
    _log_explanation(result)
    _write_result(result)
    return result.exit_code


def _execute(arguments: list[str]) -> RunResult:
    request = command.parse_arguments(arguments)
    environment = dict(os.environ)
    project = Path(environment.get("MELTANO_PROJECT_ROOT") or Path.cwd())
    drift.check_drift(project, environment)
    definitions = Definitions(project, environment.get("MELTANO_ENVIRONMENT") or None)
    known = {**secrets.read_dotenv(project / ".env"), **environment}
    variables.check_variables(definitions, request.blocks, known)
    taps = [each for each in definitions.find_plugins(request.blocks) if each.type == "extractors"]
    selection = read_selection(taps, request, known)
    level = environment.pop("MELTANO_CLI_LOG_LEVEL", "info")
    environment |= {
        "MELTANO_CLI_LOG_CONFIG": logging_config.get_path(level),
        "NO_COLOR": "1",
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
    }
    # With this variable, a signal that arrives while a plugin writes can split an output line.
    environment.pop("PYTHONUNBUFFERED", None)
    environment.setdefault("MELTANO_SEND_ANONYMOUS_USAGE_STATS", "false")
    grace = _parse_grace(environment.get(GRACE_SECONDS))
    oom_kills = memory.count_oom_kills()

    @functools.cache
    def get_redactor() -> Redactor:
        # Imported, and the secrets searched, while Meltano starts.
        from meltano_runner.run.redact import Redactor  # noqa: PLC0415

        return Redactor(secrets.find_secret_values(environment, project, definitions.files))

    def create_log() -> Log:
        return Log(tracker, get_redactor(), as_json=_logs_json(), level=level)

    meltano = [command.find_meltano(), *request.build_arguments()]
    with workspace.create_workspace(project, environment) as overrides:
        system_dir = Path(overrides[workspace.SYSTEM_DIR])
        files = system_dir / "run"
        run_environment = environment | overrides
        results = dbt.ArtifactReader(run_environment)
        tracker = Tracker(
            request,
            lambda tap: tap_files.read_files(files, tap, get_redactor()),
            lambda utility: results.read(utility, get_redactor()),
            lambda tap, folder: selection.find_error(tap, tap_files.read_catalog(folder)),
        )
        supervisor = Supervisor(
            tracker,
            grace=grace,
            timeout=request.timeout,
            stall_timeout=request.stall_timeout,
        )
        with database.lock_creation(run_environment, system_dir / "meltano.db"):
            exit_code = supervisor.run(meltano, run_environment, project, create_log)
        oom_killed = memory.count_oom_kills() > oom_kills
        result = _build_result(tracker, supervisor, exit_code, oom_killed=oom_killed)
        if result.outcome is Outcome.SUCCEEDED and (error := selection.find_final_error()):
            return _build_failure(result, 1, Failure(Category.CONFIG_INVALID, None, error))
        return result


def _build_result(
    tracker: Tracker, supervisor: Supervisor, exit_code: int, *, oom_killed: bool
) -> RunResult:
    base = RunResult(
        Outcome.SUCCEEDED,
        0,
        pipelines=tracker.build_results(),
        dbt=tuple(tracker.dbt),
    )
    counts = sum_counts((each.extracted, each.loaded) for each in base.pipelines)
    base = replace(base, extracted=counts[0], loaded=counts[1])
    stop = supervisor.stop
    if stop is not None and stop.interrupted:
        return replace(
            base,
            outcome=Outcome.STOPPED,
            exit_code=_EXIT_STOPPED,
            category=stop.category,
            failed_plugin=stop.plugin,
            error="; ".join(_describe_stop(tracker, stop)),
        )
    if exit_code == 0 and not tracker.state_lost:
        return base
    if tracker.rejection is not None:
        tap = tracker.get_plugin("extractors")
        return _build_failure(base, 1, Failure(Category.CONFIG_INVALID, tap, tracker.rejection))
    return _build_failure(
        base, exit_code, classify.classify_failure(tracker, exit_code, oom_killed=oom_killed)
    )


def _build_failure(result: RunResult, exit_code: int, failure: Failure) -> RunResult:
    return replace(
        result,
        outcome=Outcome.FAILED,
        # A child killed by signal N is reported as a shell does.
        exit_code=exit_code if exit_code > 0 else (128 - exit_code if exit_code else 1),
        category=failure.category,
        failed_plugin=failure.plugin,
        error=failure.error,
    )


def _describe_stop(tracker: Tracker, stop: Stop) -> Iterator[str]:
    """Yield the parts of the message about a stopped run."""
    yield f"stopped by {stop.reason}"
    target = tracker.get_plugin("loaders")
    if stop.killed:
        yield "the grace period ended before the target had drained"
    elif target is not None and tracker.exit_codes.get("loaders"):
        last_error = tracker.errors.find_last_error(target) or "no output"
        yield f"{target} failed while it drained: {last_error}"
    if tracker.state_lost:
        yield "the state could not be saved"


def _logs_json() -> bool:
    return os.environ.get(LOG_FORMAT, "text").lower() == "json"


def _log_explanation(result: RunResult) -> None:
    """Log at the end why a run did not succeed, for readers who have only the log."""
    if result.category is None:
        return
    named = result.failed_plugin and result.failed_plugin not in (result.error or "")
    parts = (
        result.failed_plugin if named else None,
        result.error or CATEGORIES[result.category].summary,
    )
    what = ": ".join(filter(None, parts))
    level = "WARNING" if result.outcome is Outcome.STOPPED else "ERROR"
    with contextlib.suppress(OSError, ValueError):
        for line in (*f"{result.category.value}: {what}".splitlines(), build_hint(result)):
            text = format_line(line, level, as_json=_logs_json(), name=EXPLAINED_BY)
            STDOUT.write(text)


def _write_result(result: RunResult) -> None:
    """Write the complete result to the log and the result file, or a short one to Kubernetes."""
    configured = os.environ.get(RESULT_FILE)
    path = configured or (str(_TERMINATION_LOG) if _TERMINATION_LOG.is_file() else None)
    if path:
        try:
            # In place, because Kubernetes mounts this file.
            text = encode_result(result, None if configured else MAX_BYTES)
            Path(path).write_text(text + "\n")
        except OSError as error:
            sys.stderr.write(f"meltano-runner: cannot write the result to {path}: {error}\n")
    with contextlib.suppress(OSError, ValueError):
        STDOUT.write(encode_log_line(result, STDOUT.lines))


def _parse_grace(text: str | None) -> float:
    try:
        value = float(text) if text else _DEFAULT_GRACE
    except ValueError as error:
        raise command.UsageError(f"{GRACE_SECONDS}={text!r} is not a number of seconds") from error
    return max(value, 1.0)
