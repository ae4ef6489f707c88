"""How the Meltano image is built: what is done again after a change, and what stays out of it."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.images.engine import DOCKER, docker, shell
from tests.support.checkout import ROOT
from tools.images.bases import Bases, bake_files, choose
from tools.images.build import ca_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = [pytest.mark.images, pytest.mark.timeout(900)]

_TAG = "meltano-pods/meltano:test-layers"
_PLUGINS = "install_plugins.sh /meltano"
# In what a test changes, so that no earlier run of it left the answer in the cache.
_NEW = uuid.uuid4().hex
_STEP = re.compile(r"^#(\d+) \[meltano [^\]]*\] (.*)$", re.MULTILINE)


class Clone:
    """The files the image is made of, where a test may change them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone"
        self.project = self.folder / "meltano" / "csv_to_json"
        # One project is enough for this test, and dbt takes long to install.
        left_out = shutil.ignore_patterns(
            ".venv*", ".meltano", ".*_cache", "__pycache__", "output", "shop"
        )
        for name in (
            "meltano",
            "include/meltano_runner",
            "locks",
            "tools/images",
            "k8s/offline/bases",
        ):
            shutil.copytree(ROOT / name, self.folder / name, ignore=left_out)
        for file in [
            *ROOT.glob("Dockerfile*"),
            *ROOT.glob("*.hcl"),
            ROOT / "meltano_requirements.txt",
        ]:
            shutil.copy(file, self.folder)
        chosen = choose(Bases.AUTO, shell(folder))
        files, self._variables = bake_files(chosen, shell(folder))
        self._files = [word for file in files for word in ("--file", str(file.relative_to(ROOT)))]

    def build(self, *options: str, variables: Mapping[str, str] | None = None) -> str:
        """Build, and return what BuildKit prints."""
        own = {"MELTANO_IMAGE": _TAG, "CA_BUNDLE": ca_bundle()}
        ended = subprocess.run(
            [DOCKER, "buildx", "bake", *self._files, "--progress=plain", *options, "meltano"],
            cwd=self.folder,
            env=os.environ | self._variables | own | dict(variables or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stderr


def ran(log: str, command: str) -> bool:
    """Whether a step was carried out, and not taken from the cache."""
    numbers = [number for number, shown in _STEP.findall(log) if command in shown]
    assert numbers, log
    return not any(f"\n#{number} CACHED" in log for number in numbers)


@pytest.fixture(scope="module")
def clone(meltano_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    assert meltano_image
    clone = Clone(tmp_path_factory.mktemp("layers"))
    clone.build()
    yield clone
    docker("rmi", "--force", _TAG)


def test_a_changed_schedule_installs_nothing(clone: Clone) -> None:
    file = clone.project / "meltano.yml"
    text = file.read_text()
    assert "interval: '@daily'" in text
    changed = text.replace("interval: '@daily'", "interval: '@hourly'").replace(
        "stream: orders", "stream: x"
    )
    file.write_text(changed)
    log = clone.build()
    assert not ran(log, _PLUGINS)
    script = "cat /meltano/csv_to_json/meltano.yml"
    assert docker("run", "--rm", "--entrypoint=bash", _TAG, "-c", script).stdout == changed


def test_a_changed_runner_installs_no_plugin(clone: Clone) -> None:
    (clone.folder / "include" / "meltano_runner" / "extra.py").write_text(f"# {_NEW}")
    log = clone.build()
    assert ran(log, "--no-deps ./meltano_runner")
    assert not ran(log, _PLUGINS)


def test_a_changed_plugin_is_installed(clone: Clone) -> None:
    file = clone.project / "tap-csv" / "tap_csv" / "__init__.py"
    file.write_text(f"{file.read_text()}\nCHANGED = '{_NEW}'\n")
    assert ran(clone.build(), _PLUGINS)
    script = f"grep -r {_NEW} /meltano/csv_to_json/.meltano --include=__init__.py -l"
    assert docker("run", "--rm", "--entrypoint=bash", _TAG, "-c", script).stdout


def test_a_catalog_is_baked_for_the_extractor_that_asks(clone: Clone) -> None:
    file = clone.project / "meltano.yml"
    before = file.read_text()
    assert before.count("use_cached_catalog: false") == 1
    file.write_text(before.replace("use_cached_catalog: false", "use_cached_catalog: true"))
    assert not ran(clone.build(), _PLUGINS)
    script = (
        "cd /meltano/csv_to_json; cat .env; python3 -m json.tool .meltano/catalogs/tap-csv.json"
    )
    shown = docker("run", "--rm", "--entrypoint=bash", _TAG, "-euc", script).stdout
    assert shown.startswith("TAP_CSV__CATALOG=.meltano/catalogs/tap-csv.json\n")
    assert '"tap_stream_id"' in shown
    words = [
        "--rm",
        "--read-only",
        "--tmpfs=/tmp",
        "--env=MELTANO_DATABASE_URI=sqlite:////tmp/m.db",
    ]
    words += ["--env=MELTANO_PODS_OUTPUT=/tmp", "--workdir=/meltano/csv_to_json"]
    ended = docker("run", *words, _TAG, "run", "tap-csv", "target-jsonl")
    assert "Running catalog discovery" not in ended.stdout + ended.stderr
    assert "succeeded" in ended.stdout
    file.write_text(before)


def test_a_build_secret_is_in_no_layer(clone: Clone, tmp_path: Path) -> None:
    canary = "canary-7f3e9a51c0"
    bundle = tmp_path / "bundle.pem"
    place = ca_bundle() or ssl.get_default_verify_paths().cafile
    if not place:
        pytest.skip("this machine names no CA bundle")
    bundle.write_text(f"# {canary}\n{Path(place).read_text()}")
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine packages.example.com login deploy password {canary}\n")
    for folder in (clone.project / "tap-csv" / "tap_csv", clone.folder / "include/meltano_runner"):
        (folder / "again.py").write_text(f"# {_NEW}")
    log = clone.build(variables={"CA_BUNDLE": str(bundle), "NETRC": str(netrc)})
    assert ran(log, "--no-deps ./meltano_runner")
    assert ran(log, _PLUGINS)
    history = docker("history", "--no-trunc", _TAG).stdout
    assert canary not in history
    tail, size = b"", 0
    with subprocess.Popen([DOCKER, "save", _TAG], stdout=subprocess.PIPE) as saving:
        assert saving.stdout
        while chunk := saving.stdout.read(1 << 20):
            size += len(chunk)
            assert canary.encode() not in tail + chunk
            tail = chunk[-64:]
    assert saving.returncode == 0
    assert size > 100_000_000
