#!/usr/bin/env python3
"""A Singer tap that counts, or fails in the way its setting `mode` says."""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path


def say(message: object) -> None:
    print(json.dumps(message), flush=True)


def raise_score_of_the_runner() -> None:
    """Make the runner the one that the kernel kills first."""
    for folder in Path("/proc").glob("[0-9]*"):
        words = (folder / "cmdline").read_bytes().split(b"\0")
        if any(word.endswith(b"meltano-runner") for word in words) and b"tini" not in words[0]:
            (folder / "oom_score_adj").write_text("1000")


def take_all_memory() -> None:
    taken = []
    while True:
        taken.append(b"x" * 2**24)
        time.sleep(0.02)


parser = argparse.ArgumentParser()
parser.add_argument("--config", type=Path)
parser.add_argument("--state", type=Path)
options, _ = parser.parse_known_args()
config = json.loads(options.config.read_text())
state = json.loads(options.state.read_text()) if options.state else {}
bookmarks = state.get("bookmarks", {})
start = int(bookmarks.get("numbers", {}).get("replication_key_value", 0))

say(
    {
        "type": "SCHEMA",
        "stream": "numbers",
        "schema": {"properties": {"id": {"type": "integer"}}},
        "key_properties": ["id"],
        "bookmark_properties": ["id"],
    }
)
rows = config["rows"]
if config["mode"] == "fail":
    print("the source said: no such table", file=sys.stderr)
    sys.exit(1)
if config["mode"] == "prove":
    # Report that it is set, without its value.
    digest = hashlib.sha256(config["password"].encode()).hexdigest()[:12]
    print(f"the password has the digest {digest}", file=sys.stderr)
if config["mode"] == "leak":
    print(f"cannot connect as reader with {config['password']}", file=sys.stderr)
    sys.exit(1)
if config["mode"] == "blame":
    raise_score_of_the_runner()
if config["mode"] in ("greedy", "blame"):
    take_all_memory()
# To the next multiple: a run that was cut off has the rest to do.
end = start + rows - start % rows
for number in range(start + 1, end + 1):
    say({"type": "RECORD", "stream": "numbers", "record": {"id": number}})
    bookmark = {"replication_key": "id", "replication_key_value": number}
    say({"type": "STATE", "value": {"bookmarks": {"numbers": bookmark}}})
    time.sleep(float(config["pause"]))
metric = {
    "type": "counter",
    "metric": "record_count",
    "value": end - start,
    "tags": {"endpoint": "numbers"},
}
print(f"INFO METRIC: {json.dumps(metric)}", file=sys.stderr)
if config["mode"] == "break":
    print("the source said: connection reset", file=sys.stderr)
    sys.exit(1)
