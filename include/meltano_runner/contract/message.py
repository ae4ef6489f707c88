"""The result as bytes: complete in the log, cut to Kubernetes' limit in the termination message.

Kubernetes keeps 4,096 bytes of a container's termination message and cuts the rest off, which
would leave broken JSON. So it is shortened here, by omitting what matters least.
https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meltano_runner.contract.result import PipelineResult, ResultError, RunResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_runner.contract.dbt import DbtResult

MAX_BYTES = 4096
RESULT_KEY = "meltano_runner_result"
"""Key of the JSON object that is the run's last log line; its value is the whole result."""

LOG_LINES_KEY = "log_lines"
"""Key next to it: how many lines the runner wrote before, so that readers notice missing ones."""

EXPLAINED_BY = "meltano-runner"
"""Logger name of the lines that explain a failed run; a launcher with an explanation drops them."""

_MAX_ERROR = 1500  # bytes, as JSON
_MAX_NAME = 200
_MAX_MESSAGE = 300  # of one node of dbt


def encode_result(result: RunResult, max_bytes: int | None = MAX_BYTES) -> str:
    """Return `result` as one line of JSON, streams with most records first.

    Args:
        result: What to encode.
        max_bytes: Size the result must not exceed, at least 3,072; None for no limit. The
            totals, the first 1,500 bytes of the error, dbt's failures and as many of the largest
            streams (without their columns) and slowest models as fit are kept, with the number of
            omitted ones.
    """
    ordered = replace(result, pipelines=tuple(_sort_streams(each) for each in result.pipelines))
    text = _dump(ordered.as_dict())
    if max_bytes is None or len(text.encode()) <= max_bytes:
        return text
    return _dump(_shorten_result(ordered, max_bytes))


def encode_log_line(result: RunResult, log_lines: int) -> str:
    """Return the last line of a run's log: its complete result.

    Args:
        result: The result.
        log_lines: How many lines the runner wrote before.
    """
    return (
        f'{{"{RESULT_KEY}":{encode_result(result, max_bytes=None)},"{LOG_LINES_KEY}":{log_lines}}}'
    )


def decode_log_lines(text: str) -> int | None:
    """Return how many lines the runner wrote before its last one; None if that is not known.

    Args:
        text: The last line.
    """
    try:
        lines = json.loads(text)[LOG_LINES_KEY]
    except (ValueError, LookupError, TypeError):
        return None
    return lines if isinstance(lines, int) else None


def restore_result(short: RunResult, logged: RunResult | None) -> RunResult:
    """Return the complete result for `short`, the part of it that fits into the message.

    Args:
        short: From the termination message.
        logged: From the log, which any plugin could have written to; it is used only if its
            short form equals `short`.
    """
    return logged if logged is not None and encode_result(logged) == encode_result(short) else short


def decode_result(text: str) -> RunResult:
    """Read what `encode_result` wrote, bare or under `RESULT_KEY`.

    Raises:
        ResultError: `text` is not such a result.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ResultError(f"not JSON: {error}") from error
    if isinstance(data, dict) and RESULT_KEY in data:
        data = data[RESULT_KEY]
    return RunResult.from_dict(data)


def _shorten_result(result: RunResult, max_bytes: int) -> dict[str, Any]:
    """Return the JSON form with as much of the parts as fits."""
    short = replace(
        result,
        error=_cut(result.error, _MAX_ERROR),
        failed_plugin=_cut(result.failed_plugin, _MAX_NAME),
        pipelines=(),
        pipelines_omitted=result.pipelines_omitted + len(result.pipelines),
        dbt=(),
        dbt_omitted=result.dbt_omitted + len(result.dbt),
    )
    data = short.as_dict()
    # Room for the two counters to grow by a few digits as streams are added.
    left = max_bytes - len(_dump(data).encode()) - 16
    commands = _DbtPart(result.dbt, data["dbt"])
    left -= commands.add_totals(left // 2)
    data["dbt_omitted"] -= len(data["dbt"])
    left -= commands.add_nodes(left // 2, failed=True)
    left -= _add_pipelines(result, short, data, left)
    commands.add_nodes(left, failed=False)
    return data


def _add_pipelines(result: RunResult, short: RunResult, data: dict[str, Any], room: int) -> int:
    """Add as many pipelines, then streams, as fit; return the bytes they take."""
    left = room
    kept: list[tuple[dict[str, Any], Iterator[dict[str, Any]]]] = []
    for pipeline in result.pipelines:
        entry = replace(short, pipelines=(pipeline,)).as_dict()["pipelines"][0]
        bare = [each | {"columns": None} for each in entry["streams"]]
        entry |= {"streams": [], "streams_omitted": entry["streams_omitted"] + len(bare)}
        for key in ("tap", "target", "state_id"):
            entry[key] = _cut(entry[key], _MAX_NAME)
        if (size := _measure(entry)) > left:
            break
        left -= size
        data["pipelines"].append(entry)
        data["pipelines_omitted"] -= 1
        kept.append((entry, iter(bare)))
    # Round-robin over the pipelines, so that one with many streams leaves room for the others.
    while kept:
        turn, kept = kept, []
        for entry, streams in turn:
            for stream in streams:
                if (size := _measure(stream)) <= left:
                    left -= size
                    entry["streams"].append(stream)
                    entry["streams_omitted"] -= 1
                    kept.append((entry, streams))
                    break
    return room - left


class _DbtPart:
    """The part of the dbt commands that fits."""

    def __init__(self, commands: tuple[DbtResult, ...], data: list[dict[str, Any]]) -> None:
        self._commands = commands
        self._data = data

    def add_totals(self, room: int) -> int:
        """Add the commands without their nodes, and return the bytes they take.

        Where not all fit, the last stay: one that fails ends the run.
        """
        left = room
        for command in reversed(self._commands):
            omitted = command.nodes_omitted + len(command.nodes)
            entry = replace(command, nodes=(), nodes_omitted=omitted).as_dict()
            entry |= {key: _cut(entry[key], _MAX_NAME) for key in ("plugin", "command")}
            if (size := _measure(entry)) > left:
                break
            left -= size
            self._data.insert(0, entry)
        return room - left

    def add_nodes(self, room: int, *, failed: bool) -> int:
        """Add nodes in their order, failed ones or the others; return the bytes they take.

        The last command first, because only it can have failed.
        """
        left = room
        shown = self._commands[len(self._commands) - len(self._data) :]
        for command, entry in reversed(list(zip(shown, self._data, strict=True))):
            for node in command.nodes:
                if node.failed is not failed:
                    continue
                short = replace(
                    node,
                    name=_cut(node.name, _MAX_NAME) or "",
                    message=_cut(node.message, _MAX_MESSAGE),
                )
                if (size := _measure(short.as_dict())) > left:
                    break
                left -= size
                entry["nodes"].append(short.as_dict())
                entry["nodes_omitted"] -= 1
        return room - left


def _sort_streams(pipeline: PipelineResult) -> PipelineResult:
    ordered = sorted(
        pipeline.streams,
        key=lambda stream: (-(stream.counted or 0), stream.stream),
    )
    return replace(pipeline, streams=tuple(ordered))


def _cut(text: str | None, max_bytes: int) -> str | None:
    """Cut `text` so that its JSON form, escapes counted, takes at most `max_bytes`."""
    if text is None or len(json.dumps(text)) - 2 <= max_bytes:
        return text
    left, kept = max_bytes - len("..."), 0
    for character in text:
        left -= len(json.dumps(character)) - 2
        if left < 0:
            break
        kept += 1
    return text[:kept] + "..."


def _measure(entry: dict[str, Any]) -> int:
    """Return the bytes that an entry takes in a list."""
    return len(_dump(entry).encode()) + 1


def _dump(data: dict[str, Any]) -> str:
    # ensure_ascii: one character is one byte, and a log reader can never break a line at U+2028.
    return json.dumps(data, separators=(",", ":"), ensure_ascii=True)
