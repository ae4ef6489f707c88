"""Plugins from an index that asks for a password, as docs/how-to/private-packages.md says."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.docs.blocks import code_blocks
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.meltano, pytest.mark.timeout(300)]

MELTANO = ROOT / ".venv-meltano" / "bin" / "meltano"
PAGE = ROOT / "docs" / "how-to" / "private-packages.md"
ADDRESS = "https://packages.acme.example/simple"
LOGIN = ("deploy", "a-token")


class Index(SimpleHTTPRequestHandler):
    """An index of files, for those who know the password."""

    def do_GET(self) -> None:
        expected = "Basic " + base64.b64encode(":".join(LOGIN).encode()).decode()
        if self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "index"
    add_package(folder / "simple" / "tap-acme", "tap_acme", "1.4.0")
    handler = partial(Index, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def add_package(folder: Path, name: str, version: str) -> None:
    """Make a wheel with one command, which says its version."""
    folder.mkdir(parents=True)
    information = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"def main():\n    print('{version}')\n",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{information}/entry_points.txt": "[console_scripts]\ntap-acme = tap_acme:main\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{information}/RECORD"])
    wheel = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(folder / wheel, "w") as archive:
        for file, text in {**files, f"{information}/RECORD": record}.items():
            archive.writestr(file, text)
    (folder / "index.html").write_text(f'<a href="{wheel}">{wheel}</a>')


def install(project: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [MELTANO, "install"],
        cwd=project,
        env={**os.environ, "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_plugin_comes_from_an_index_with_a_password(index: str, tmp_path: Path) -> None:
    (shown,) = [each for each in code_blocks(PAGE, "yaml") if ADDRESS in each]
    (netrc_lines,) = code_blocks(PAGE, "netrc")
    project = tmp_path / "orders"
    project.mkdir()
    (project / "meltano.yml").write_text(shown.replace(ADDRESS, index))
    netrc = tmp_path / "netrc"
    netrc.write_text(netrc_lines.replace("packages.acme.example", "127.0.0.1"))

    refused = install(project, NETRC=str(tmp_path / "none"), HOME=str(tmp_path))
    assert refused.returncode != 0

    ended = install(project, NETRC=str(netrc), HOME=str(tmp_path))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (plugin,) = yaml.safe_load(shown)["plugins"]["extractors"]
    command = project / ".meltano" / "extractors" / plugin["name"] / "venv" / "bin" / "tap-acme"
    assert subprocess.check_output([command], text=True) == "1.4.0\n"
    assert LOGIN[1] not in ended.stdout + ended.stderr
