"""What the Astro CLI runs and reads, without Docker: tests/images does the same in the image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.docs.blocks import code_blocks
from tests.support.checkout import ROOT, versioned
from tests.support.users_project import BROKEN_DAG, add_users_files
from tools.astro_check import check

if TYPE_CHECKING:
    from pathlib import Path

# What the image has of the project; the CLI copies the first five into its container again.
_FOLDERS = ("dags", "include", "plugins", "tests", ".astro", "k8s/pod_templates", "meltano")
_PACKAGES = ROOT / "k8s/offline/bases/runtime/packages.txt"
# In place of a second environment: what only the development environment has cannot be imported.
_BLOCKER = """\
import sys

class Absent:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of what the image has of this project, with what users add to it."""
    root = tmp_path / "project"
    for file in versioned(*_FOLDERS, "pyproject.toml"):
        copy = root / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    add_users_files(root)
    return root


def run_pytest(root: Path, *arguments: str) -> tuple[int, str]:
    """Run it as the CLI does, with the packages of the image, and return its status and output."""
    (root.parent / "sitecustomize.py").write_text(_BLOCKER.format(absent=_absent_modules()))
    path = os.pathsep.join(map(str, (root.parent, root, root / "include")))
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=root,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": path,
            "AIRFLOW_HOME": str(root),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "100",  # other tests keep processors busy
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


def _absent_modules() -> set[str]:
    present = set(re.findall(r"^([\w.-]+)==", _PACKAGES.read_text(), re.MULTILINE))
    return {
        module
        for module, names in packages_distributions().items()
        if not {re.sub(r"[-_.]+", "-", name).lower() for name in names} & present
    } - {"meltano_pods", "meltano_runner"}


def test_parse_names_the_one_dag_file_that_fails(project: Path) -> None:
    code, output = run_pytest(project, "--strict-config", ".astro/test_dag_integrity_default.py")
    assert code == 1, output
    assert "1 failed" in output
    assert f"dags/{BROKEN_DAG}:" in output


def test_pytest_runs_the_dag_tests_and_those_of_the_user(project: Path) -> None:
    (project / "dags" / BROKEN_DAG).unlink()
    (project / "pytest.ini").write_text("[pytest]\n")  # comes before pyproject.toml
    (guides,) = code_blocks(ROOT / "docs" / "how-to" / "astro-dev.md", "python")
    (project / "tests" / "dags" / "test_of_the_guide.py").write_text(guides)
    code, output = run_pytest(project, "-v", "tests/")
    assert code == 0, output
    ran = set(re.findall(r"^(tests/\S+\.py)::", output, re.MULTILINE))
    of_dags = {f"tests/dags/test_{name}.py" for name in ("dags", "mine", "of_the_guide")}
    assert ran >= {*of_dags, "tests/mine/test_mine.py"}
    assert {file.split("/")[1] for file in ran} == {"dags", "mine"}


@pytest.mark.parametrize(
    ("folder", "passes"), [("unit", False), ("unit/deeper", False), ("dags", True)]
)
def test_only_tests_of_the_project_itself_are_strict(
    tmp_path: Path, folder: str, *, passes: bool
) -> None:
    file = tmp_path / "tests" / folder / "test_warning.py"
    file.parent.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    file.write_text(
        "import warnings\n\n\ndef test(pytestconfig):\n"
        f"    assert pytestconfig.getoption('timeout') == {None if passes else 120}\n"
        "    warnings.warn('old')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", f"tests/{folder}/test_warning.py::test"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode == 0) is passes, ended.stdout
    assert "UserWarning: old" in ended.stdout


def test_astro_would_take_this_project() -> None:
    # Both layouts of the CLI, the Runtime named once, Airflow nowhere else: tests/unit tries each.
    assert check(ROOT, pinned=False) == []


def test_the_files_that_the_runtime_copies_are_there() -> None:
    # Its ONBUILD steps fail without them; packages.txt must not hold comments.
    assert (ROOT / "packages.txt").read_text() == ""
    assert yaml.safe_load((ROOT / "airflow_settings.yaml").read_text())["airflow"]
