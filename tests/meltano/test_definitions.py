"""Of the plugins that runs use Meltano asks Meltano Hub about just those that `undefined` names."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from meltano_pods.project import read_project
from meltano_pods.project.references.lock_files import find_undefined_plugins

from tests.meltano.projects import PROJECTS, WITHOUT_DEFINITIONS, write

pytestmark = [pytest.mark.meltano, pytest.mark.timeout(300)]

PYTHON = Path(__file__).parents[2] / ".venv-meltano" / "bin" / "python"
ASK = """
import json, sys
from pathlib import Path
from meltano.core.hub.client import HubConnectionError
from meltano.core.project import Project

project = Project(Path(sys.argv[1]))
found = []
for plugin in project.plugins.plugins(ensure_parent=False):
    try:
        project.plugins.ensure_parent(plugin)
    except HubConnectionError:
        found.append(plugin.name)
print(json.dumps(found))
"""
PROJECT = """\
project_id: of-the-test
plugins:
  extractors:
  - {name: tap-own, namespace: tap_own}
  - {name: tap-child, inherit_from: tap-own}
  - {name: tap-locked, variant: acme}
  - {name: tap-default}
  - {name: tap-no-variant}
  - {name: tap-other-variant, variant: other}
  - {name: tap-nothing}
  - {name: tap-far, inherit_from: tap-nowhere}
  - {name: tap-far-locked, inherit_from: tap-locked, variant: acme}
  - {name: tap-far-other, inherit_from: tap-own, variant: other}
  - {name: tap-both, inherit_from: tap-both, namespace: tap_both}
  loaders:
  - {name: target-far, inherit_from: tap-own}
  mappers:
  - {name: map, mappings: [{name: hide}]}
"""
# A job that uses them all.
JOB = "jobs:\n- name: all\n  tasks:\n" + "".join(
    f"  - {tap} hide target-far\n" for tap in re.findall(r"name: (tap-[a-z-]+)", PROJECT)
)
LOCKS = ("tap-locked--acme", "tap-default--default", "tap-no-variant--acme", "tap-other-variant--x")


def named(what: str) -> list[str]:
    """Return the plugins that an error is about."""
    names = re.findall(r"'([a-z-]+)'", what)
    return names if " plugins have " in what else names[:1]


def test_the_plugins_that_meltano_asks_about(tmp_path: Path) -> None:
    folder = tmp_path / "meltano" / "shop"
    locks = folder / "plugins" / "extractors"
    locks.mkdir(parents=True)
    (folder / "meltano.yml").write_text(PROJECT + JOB)
    for lock in LOCKS:
        name, _, variant = lock.partition("--")
        content = {"plugin_type": "extractors", "name": name, "namespace": "x", "variant": variant}
        (locks / f"{lock}.lock").write_text(json.dumps(content))
    found = [
        name for each in find_undefined_plugins(read_project(folder)) for name in named(each.what)
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        # Nobody is there.
        "MELTANO_HUB_URL": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [PYTHON, "-c", ASK, str(folder)], env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert sorted(set(found)) == sorted(set(json.loads(done.stdout.splitlines()[-1])))


@pytest.mark.parametrize("name", [each for each in PROJECTS if each != WITHOUT_DEFINITIONS])
def test_of_the_others_meltano_knows_all(tmp_path: Path, name: str) -> None:
    """`test_agreement` lets Meltano look at them without the Hub."""
    folder = tmp_path / "meltano" / "shop"
    write(name, folder)
    assert not list(find_undefined_plugins(read_project(folder)))
