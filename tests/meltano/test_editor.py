"""The schema for editors beside Meltano's own, in the engines that editors use."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from meltano_pods.settings.json_schema import MELTANO_SCHEMA, build_schema
from referencing import Registry, Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.meltano

ROOT = Path(__file__).parents[2]
(MELTANOS,) = ROOT.glob(".venv-meltano/lib/python3*/site-packages/meltano/schemas/*.json")
SERVER = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "meltano-pods/linters/yaml-language-server-2.0.0/node_modules/.bin/yaml-language-server"
)
RIGHT = {file.parent.name: file.read_text() for file in sorted(ROOT.glob("meltano/*/meltano.yml"))}
RIGHT["settings"] = """\
annotations:
  meltano_pods:
    retries: 1
    run_timeout: 1h
    checks: {min_records: 1}
    pod_override: {spec: {nodeSelector: {a: b}, containers: [{name: meltano}]}}
"""
WRONG = {
    "a setting": "annotations: {meltano_pods: {retires: 3}}",
    "a value": "annotations: {meltano_pods: {retries: -1}}",
    "a choice": "annotations: {meltano_pods: {state_strategy: later}}",
    "a field of pods": "annotations: {meltano_pods: {pod_override: {spec: {nodeSelektor: {}}}}}",
    "of Meltano's own": "schedules: [{name: daily}]",
}


def findings(document: str) -> list[str]:
    resource = Resource.from_contents(json.loads(MELTANOS.read_text()))
    registry: Registry[Any] = Registry().with_resource(MELTANO_SCHEMA, resource)
    validator = jsonschema.Draft202012Validator(build_schema(), registry=registry)
    return [error.message for error in validator.iter_errors(yaml.safe_load(document))]


@pytest.mark.parametrize("document", RIGHT.values(), ids=RIGHT)
def test_nothing_right_is_underlined(document: str) -> None:
    assert findings(document) == []


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_underlined(document: str) -> None:
    assert findings(document)


@pytest.mark.skipif(not SERVER.exists(), reason="tests/meltano/language_server.sh fetches it")
def test_the_server_that_editors_start_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(json.dumps(build_schema(MELTANOS.as_uri())))
    files = {}
    for name, document in {**RIGHT, **WRONG}.items():
        files[name] = tmp_path / f"{name}.yml"
        # The line that `meltano-pods schema` tells to write.
        files[name].write_text(f"# yaml-language-server: $schema=schema.json\n{document}")
    found = ask(list(files.values()))
    assert {name for name in files if found[files[name]]} == set(WRONG), found


def ask(files: Sequence[Path]) -> dict[Path, list[str]]:
    """Open files in a language server and return what it underlines, by file."""
    found: dict[Path, list[str]] = {}
    with subprocess.Popen(
        [SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            reported = Wire(process)
            reported.send(id=1, method="initialize", params={"processId": None, "rootUri": None,
                      "capabilities": {"workspace": {"configuration": True}}})  # fmt: skip
            while len(found) < len(files):
                message = reported.receive()
                if message.get("id") == 1 and "result" in message:
                    reported.send(method="initialized", params={})
                    for file in files:
                        reported.send(method="textDocument/didOpen", params={"textDocument": {
                            "uri": file.as_uri(), "languageId": "yaml", "version": 1,
                            "text": file.read_text()}})  # fmt: skip
                elif message.get("method") == "workspace/configuration":
                    items = message["params"]["items"]
                    own = {"validate": True, "schemaStore": {"enable": False}}
                    answer = [own if each.get("section") == "yaml" else None for each in items]
                    reported.send(id=message["id"], result=answer)
                elif message.get("method") == "textDocument/publishDiagnostics":
                    (file,) = [f for f in files if f.as_uri() == message["params"]["uri"]]
                    found[file] = [each["message"] for each in message["params"]["diagnostics"]]
                elif "id" in message and "method" in message:
                    reported.send(id=message["id"], result=None)
        finally:
            process.kill()
    return found


class Wire:
    """Messages of the language server protocol over a process' pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        self._to, self._from = process.stdin, process.stdout

    def send(self, **message: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._to.flush()

    def receive(self) -> dict[str, Any]:
        length = 0
        while line := self._from.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self._from.read(length))
        return message
