"""One run from its arguments to its written result, whatever happens in between."""

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
from meltano_runner.run.output import STDOUT, Log, own_line
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


def run(arguments: list[str]) -> int:
    """Do one run and return the exit code. Never raises; the result describes errors."""
    started = monotonic()
    try:
        result = _run(arguments)
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
    result = replace(result, seconds=monotonic() - started, peak_memory_bytes=memory.peak_bytes())
    _explain(result)
    _write(result)
    return result.exit_code


def _run(arguments: list[str]) -> RunResult:
    request = command.parse(arguments)
    environment = dict(os.environ)
    project = Path(environment.get("MELTANO_PROJECT_ROOT") or Path.cwd())
    drift.check(project, environment)
    definitions = Definitions(project, environment.get("MELTANO_ENVIRONMENT") or None)
    known = {**secrets.dotenv(project / ".env"), **environment}
    variables.check(definitions, request.blocks, known)
    taps = [each for each in definitions.taken_by(request.blocks) if each.type == "extractors"]
    selection = read_selection(taps, request, known)
    level = environment.pop("MELTANO_CLI_LOG_LEVEL", "info")
    environment |= {
        "MELTANO_CLI_LOG_CONFIG": logging_config.path(level),
        "NO_COLOR": "1",
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
    }
    # With it, a signal that arrives while a plugin writes can tear a line of its output.
    environment.pop("PYTHONUNBUFFERED", None)
    environment.setdefault("MELTANO_SEND_ANONYMOUS_USAGE_STATS", "false")
    grace = _seconds(environment.get(GRACE_SECONDS))
    oom_kills = memory.oom_kills()

    @functools.cache
    def redactor() -> Redactor:
        # Imported, and the secrets looked for, while Meltano starts.
        from meltano_runner.run.redact import Redactor  # noqa: PLC0415

        return Redactor(secrets.find(environment, project, definitions.files))

    def log() -> Log:
        return Log(tracker, redactor(), as_json=_as_json(), level=level)

    meltano = [command.meltano_executable(), *request.arguments()]
    with workspace.private(project, environment) as own:
        files = Path(own[workspace.SYSTEM_DIR]) / "run"
        given = environment | own
        results = dbt.Results(given)
        tracker = Tracker(
            request,
            lambda tap: tap_files.read(files, tap, redactor()),
            lambda utility: results.read(utility, redactor()),
            lambda tap, folder: selection.find_error(tap, tap_files.read_catalog(folder)),
        )
        supervisor = Supervisor(
            tracker,
            grace=grace,
            timeout=request.timeout,
            stall_timeout=request.stall_timeout,
        )
        with database.made_by_one(given, Path(own[workspace.SYSTEM_DIR]) / "meltano.db"):
            exit_code = supervisor.run(meltano, given, project, log)
        oom_killed = memory.oom_kills() > oom_kills
        result = _result(tracker, supervisor, exit_code, oom_killed=oom_killed)
        if result.outcome is Outcome.SUCCEEDED and (error := selection.find_final_error()):
            return _failed(result, 1, Failure(Category.CONFIG_INVALID, None, error))
        return result


def _result(
    tracker: Tracker, supervisor: Supervisor, exit_code: int, *, oom_killed: bool
) -> RunResult:
    base = RunResult(
        Outcome.SUCCEEDED,
        0,
        pipelines=tracker.results(),
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
            error="; ".join(_of_stop(tracker, stop)),
        )
    if exit_code == 0 and not tracker.state_lost:
        return base
    if tracker.refused is not None:
        tap = tracker.plugin("extractors")
        return _failed(base, 1, Failure(Category.CONFIG_INVALID, tap, tracker.refused))
    return _failed(base, exit_code, classify.classify(tracker, exit_code, oom_killed=oom_killed))


def _failed(result: RunResult, exit_code: int, failure: Failure) -> RunResult:
    return replace(
        result,
        outcome=Outcome.FAILED,
        # A child killed by signal N is reported as a shell does.
        exit_code=exit_code if exit_code > 0 else (128 - exit_code if exit_code else 1),
        category=failure.category,
        failed_plugin=failure.plugin,
        error=failure.error,
    )


def _of_stop(tracker: Tracker, stop: Stop) -> Iterator[str]:
    """Yield what there is to say of a run that was stopped."""
    yield f"stopped by {stop.reason}"
    target = tracker.plugin("loaders")
    if stop.killed:
        yield "the grace period ended before the target had drained"
    elif target is not None and tracker.exit_codes.get("loaders"):
        said = tracker.errors.last(target) or "it said nothing"
        yield f"{target} failed while it drained: {said}"
    if tracker.state_lost:
        yield "the state could not be saved"


def _as_json() -> bool:
    return os.environ.get(LOG_FORMAT, "text").lower() == "json"


def _explain(result: RunResult) -> None:
    """Log at the end why a run did not succeed, for readers who see only the log."""
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
            text = own_line(line, level, as_json=_as_json(), name=EXPLAINED_BY)
            STDOUT.write(text)


def _write(result: RunResult) -> None:
    """Write the whole to the log and to the named file; to Kubernetes' own, what it takes."""
    named = os.environ.get(RESULT_FILE)
    path = named or (str(_TERMINATION_LOG) if _TERMINATION_LOG.is_file() else None)
    if path:
        try:
            # In place: Kubernetes mounts this very file.
            text = encode_result(result, None if named else MAX_BYTES)
            Path(path).write_text(text + "\n")
        except OSError as error:
            sys.stderr.write(f"meltano-runner: cannot write the result to {path}: {error}\n")
    with contextlib.suppress(OSError, ValueError):
        STDOUT.write(encode_log_line(result, STDOUT.lines))


def _seconds(text: str | None) -> float:
    try:
        value = float(text) if text else _DEFAULT_GRACE
    except ValueError as error:
        raise command.UsageError(f"{GRACE_SECONDS}={text!r} is not a number of seconds") from error
    return max(value, 1.0)
