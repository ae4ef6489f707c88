"""A mistake breaks a good job of its project exactly where Meltano cannot run it any more."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from meltano_pods.errors import MeltanoPodsError
from meltano_pods.plan import plan
from meltano_pods.project import read_project

from tests.support.checkout import ROOT
from tests.support.mistakes import MISTAKES
from tests.support.projects import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = [pytest.mark.meltano, pytest.mark.timeout(300)]

PYTHON = ROOT / ".venv-meltano" / "bin" / "python"
JOB = "- name: ok\n  tasks:\n  - tap-ok target-ok\n"
# Mistakes besides: what is put before what.
MORE = {
    "a schedule without a name": ("  interval: '@daily'", "- {interval: '@daily', job: load}\n"),
    "a schedule that is a list": ("- name: daily", "- [daily]\n"),
    "a schedule that is nothing": ("- name: daily", "-\n"),
    "a job without a name": ("- name: load", "- {tasks: [dbt]}\n"),
    "a job that is nothing": ("- name: load", "-\n"),
    "a job that is a string": ("- name: load", "- more\n"),
    "a job without tasks in it": ("- name: load", "- {name: more, tasks: []}\n"),
    "tasks that are nothing": ("- name: load", "- {name: more, tasks: }\n"),
    "an environment without a name": ("- name: prod", "- {}\n"),
    "an environment that is a string": ("- name: prod", "- stage\n"),
    "an environment whose suffix is a list": ("- name: prod", "- {name: x, state_id_suffix: []}\n"),
    "a plugin whose name is a number": ("  - name: tap-shop", "  - {name: 7}\n"),
    "a plugin whose name is a list": ("  - name: tap-shop", "  - {name: [a]}\n"),
    "a plugin with a colon": ("  - name: tap-shop", "  - {name: 'a:b'}\n"),
    "a plugin that is nothing": ("  - name: tap-shop", "  -\n"),
    "a plugin that inherits a list": ("  - name: tap-shop", "  - {name: x, inherit_from: [a]}\n"),
    "a mapper with a mapping that is a string": ("  utilities:", "  - {name: m, mappings: [x]}\n"),
    "a mapper with a mapping that is nothing": ("  utilities:", "  - {name: m, mappings: [{}]}\n"),
    "an environment whose name is a number": ("- name: prod", "- {name: 7}\n"),
    "a plugin without a name's value": ("  - name: tap-shop", "  - {name: }\n"),
    "a section with entries in plugins": ("  utilities:", "  jobs: [{name: x, tasks: []}]\n"),
    "a plugin type that is none": ("  utilities:", "  extractor: [{name: x}]\n"),
    "an empty plugin type that is none": ("  utilities:", "  extractor: []\n"),
    "a job whose name is nothing": ("- name: load", "- {name: , tasks: [dbt]}\n"),
    "a quoted date that is none": ("  interval: '@daily'", "  start_date: '2026-02-31'\n"),
    "commands that are a string": ("  - name: dbt", "  - {name: x, commands: run}\n"),
    "commands that are nothing": ("  - name: dbt", "  - {name: x, commands: }\n"),
}


# Where these stand nobody knows which DAGs there would be, so the whole file is an import error.
UNKNOWN_DAGS = ["misspelled section", "plugin type at the top"]
# Here an environment is chosen for Meltano.
CHOSEN = ["default environment is a list"]


def _with_ok(text: str) -> str:
    """Return a project with a job that is right, whatever else is wrong."""
    for name in ("tap-csv", "target-jsonl", "meltano-map-transformer", "dbt"):
        text = text.replace(f"- name: {name}\n", f"- name: {name}\n    namespace: x\n", 1)
    for section, name in (("extractors", "tap-ok"), ("loaders", "target-ok")):
        plugin = f"  - {{name: {name}, namespace: x, executable: x}}\n"
        text = text.replace(f"  {section}:\n", f"  {section}:\n{plugin}", 1)
    return text.replace("jobs:\n", f"jobs:\n{JOB}", 1)


def _texts() -> dict[str, str]:
    texts = {"good": GOOD}
    for case, (old, new, *_) in MISTAKES.items():
        texts[case] = GOOD.replace(old, new, 1)
    for case, (before, new) in MORE.items():
        at = GOOD.index("\n" + before) + 1
        if case == "a schedule without a name":
            at = len(GOOD)
        texts[case] = GOOD[:at] + new + GOOD[at:]
    return {case: _with_ok(text) for case, text in texts.items()}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    root = tmp_path_factory.mktemp("survivors") / "meltano"
    found = {}
    for number, (case, text) in enumerate(_texts().items()):
        # A mistake that leaves no place for the job is another test's.
        if "tap-ok target-ok" in text and "name: tap-ok" in text and "name: target-ok" in text:
            found[case] = root / f"p{number}"
            found[case].mkdir(parents=True)
            (found[case] / "meltano.yml").write_text(text)
    return found


def test_a_good_dag_stays_where_meltano_runs_it(
    folders: Mapping[str, Path], tmp_path: Path
) -> None:
    done = subprocess.run(
        [PYTHON, Path(__file__).with_name("survivors.py")],
        input="\n".join(map(str, folders.values())),
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert len(answers) > 100
    differing = {}
    for case, folder in folders.items():
        try:
            ours = any(dag.dag_id.endswith(".job.ok") for dag in plan(read_project(folder)).dags)
        except MeltanoPodsError:
            ours = False
        if ours is not (answers[str(folder)] is None) and case not in {*UNKNOWN_DAGS, *CHOSEN}:
            differing[case] = answers[str(folder)]
    assert differing == {}, "\n".join(f"{case}: {error}" for case, error in differing.items())
