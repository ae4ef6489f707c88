"""Replaces `meltano` in tests of the runner alone: signals, orphans, odd output.

Takes the name of a behaviour as its block: `meltano run drains`. Plugins are started with the
argument by which the runner tells them apart in real life.
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid

READY = "ready"


def plugin(role: str, body: str, **options: object) -> subprocess.Popen[bytes]:
    code = f"import os, signal, sys, time\n{body}"
    mark = f"/x/{role}.{uuid.uuid4()}.config.json"
    return subprocess.Popen([sys.executable, "-S", "-c", code, mark], **options)  # type: ignore[call-overload,no-any-return]


def say(text: str) -> None:
    print(text, flush=True)


def pipeline(tap: str, target: str) -> int:
    """Connect two plugins as Meltano does and end as it does."""
    say("{\"event\": \"Running job with name 'dev:tap-a-to-target-b' and run ID 'x'\"}")
    first = plugin("tap", tap, stdout=subprocess.PIPE)
    second = plugin("target", target, stdin=first.stdout)
    assert first.stdout
    first.stdout.close()
    codes = (first.wait(), second.wait())
    say(f'{{"event": "target ended with {codes[1]}", "level": "info"}}')
    say('{"event": "Incremental state has been updated at now", "level": "info"}')
    say('{"event": "Block run completed", "level": "info", "success": true}')
    return 1 if any(codes) else 0


WAITS = f"print('{READY}', file=sys.stderr, flush=True)\ntime.sleep(60)"
# Reads to its end of input, then takes its time; SIGTERM would end it with a code that shows.
DRAINS = "sys.stdin.read(); time.sleep(0.3)"
STUBBORN = f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WAITS}"


# Silent, but active for longer than the stall timeout of the test.
COMPUTES = "end = time.monotonic() + 4\nwhile time.monotonic() < end: pass"
WRITES = "for _ in range(20): print('{}', flush=True); time.sleep(0.2)"
# Nobody reads: the pipe fills up.
FLOODS = "while True: sys.stdout.write('x' * 1000)"
DEAF = "time.sleep(60)"


def killed() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def shell() -> int:
    """The tap is a child of the executable Meltano knows."""
    inner = f"'''import sys, time\n{WAITS}'''"
    return pipeline(
        f"import subprocess\nsubprocess.run([sys.executable, '-c', {inner}])",
        DRAINS,
    )


def stubborn() -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return pipeline(STUBBORN, STUBBORN)


def starting() -> int:
    say(READY)
    time.sleep(60)
    return 0


def orphan() -> int:
    """Leave a plugin that holds the pipe open, in a session of its own."""
    plugin("tap", STUBBORN, start_new_session=True)
    time.sleep(0.5)
    return 0


def odd_output() -> int:
    sys.stdout.buffer.write(b"\xff\xfe not text\n" + b"x" * 3_000_000 + b"\nno end of line")
    sys.stdout.flush()
    return 0


def floods() -> int:
    for number in range(200_000):
        print(f'{{"event": "line {number} {"x" * 90}", "level": "info"}}')
    say('{"event": "the disk is nearly full", "level": "warning"}')
    return 0


def one_line() -> int:
    for _ in range(50):
        sys.stdout.write("x" * 1_000_000)
    say("\nafter the line")
    return 0


def large_state() -> int:
    say("{\"event\": \"Running job with name 'dev:tap-a-to-target-b' and run ID 'x'\"}")
    filler = "y" * 5_000_000
    bookmark = {"replication_key": "day", "replication_key_value": "2026-01-01", "filler": filler}
    state = {"bookmarks": {"orders": bookmark}}  # as Meltano logs it: a Python literal
    say(json.dumps({"event": f"Incremental state: {state}", "level": "debug"}))
    say('{"event": "Incremental state has been updated at now", "level": "info"}')
    say('{"event": "Block run completed", "level": "info", "success": true}')
    return 0


def secret() -> int:
    say(os.environ["TAP_PASSWORD"])
    say('{"event": "' + os.environ["TAP_PASSWORD"] + '", "level": "error"}')
    return 1


def succeeds() -> int:
    say('{"event": "hello", "level": "info"}')
    return 0


BEHAVIOURS = {
    "succeeds": succeeds,
    "exits": lambda: 7,
    "killed": killed,
    "drains": lambda: pipeline(WAITS, DRAINS),
    "computes": lambda: pipeline(COMPUTES, DRAINS),
    "writes": lambda: pipeline(WRITES, DRAINS),
    "deaf-target": lambda: pipeline(FLOODS, DEAF),
    "shell": shell,
    "stubborn-tap": lambda: pipeline(STUBBORN, DRAINS),
    "stubborn": stubborn,
    "starting": starting,
    "utility": lambda: plugin("other-x", WAITS).wait(),
    "orphan": orphan,
    "odd-output": odd_output,
    "floods": floods,
    "one-line": one_line,
    "large-state": large_state,
    "secret": secret,
}

sys.exit(BEHAVIOURS[sys.argv[-1]]())
