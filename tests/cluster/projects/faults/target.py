#!/usr/bin/env python3
"""A Singer target that writes lines, or fails in the way its setting `mode` says.

The last line of a run that came to its end says so, and names the run.
"""

import argparse
import json
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--config", type=Path)
options = parser.parse_args()
config = json.loads(options.config.read_text())
run = config.get("run") or "none"

if config["mode"] == "fail":
    sys.stdin.readline()
    print("the destination said: permission denied for table numbers", file=sys.stderr)
    sys.exit(1)
if config["mode"] == "greedy":
    taken = []
    while True:
        taken.append(b"x" * 2**24)
        time.sleep(0.02)
if config["mode"] == "full":
    with Path("/tmp/full").open("wb") as file:
        while True:
            file.write(b"x" * 2**20)
folder = Path(config["folder"])
folder.mkdir(parents=True, exist_ok=True)
with (folder / "numbers.jsonl").open("a") as file:
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "RECORD":
            file.write(json.dumps({"run": run, **message["record"]}) + "\n")
        elif message["type"] == "STATE":
            file.flush()
            print(json.dumps(message["value"]), flush=True)
    file.write(json.dumps({"run": run, "done": True}) + "\n")
    if config["mode"] == "linger":
        time.sleep(60)
print(f"wrote to {folder}/numbers.jsonl", file=sys.stderr)
