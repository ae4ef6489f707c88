"""`helm test`: nobody gets in without a password, its owner does, and all is healthy."""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

SERVER = os.environ["SERVER"]


def ask(path, *, body=None, token=None):
    """Return status and answer of a request."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{SERVER}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None


user = os.environ["LOGIN"]
password = Path(f"/login/{user}").read_text()
failed = []
if (status := ask("/api/v2/dags")[0]) != 401:
    failed.append(f"without a login the API answers {status}, not 401")
if (status := ask("/auth/token", body={"username": user, "password": "wrong"})[0]) != 401:
    failed.append(f"a wrong password answers {status}, not 401")
status, answer = ask("/auth/token", body={"username": user, "password": password})
if status != 201:
    sys.exit(f"{user} cannot log in: {status}")
status, dags = ask("/api/v2/dags", token=answer["access_token"])
if status != 200:
    failed.append(f"{user} cannot list DAGs: {status}")
_, health = ask("/api/v2/monitor/health")
for component, said in sorted(health.items()):
    print(f"{component}: {said['status']}")
    if said["status"] != "healthy":
        failed.append(f"{component} is {said['status']}")
sys.exit("\n".join(failed) or print(f"{user} sees {dags['total_entries']} DAGs"))
