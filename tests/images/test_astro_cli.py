"""What the Astro CLI runs in the Airflow image: DAG tests, with the packages of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.astro_dev.testing import ALL_TESTS, PARSE_TEST, run_pytest
from tests.support.clone import copy_of_this_project
from tests.support.users_project import BROKEN_DAG, add_users_files

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.images, pytest.mark.timeout(900)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of this project, with what users add to it."""
    root = copy_of_this_project(tmp_path / "project")
    add_users_files(root)
    return root


@pytest.mark.parametrize("user", ["", "root"])
def test_parse_and_pytest(airflow_image: str, project: Path, user: str) -> None:
    code, output = run_pytest(airflow_image, project, PARSE_TEST, user=user)
    assert (code, f"dags/{BROKEN_DAG}:" in output, "1 failed" in output) == (1, True, True), output
    (project / "dags" / BROKEN_DAG).unlink()
    code, output = run_pytest(airflow_image, project, ALL_TESTS, "--verbose", user=user)
    assert code == 0, output
    for file in ("tests/dags/test_dags.py", "tests/dags/test_mine.py", "tests/mine/test_mine.py"):
        assert f"{file}::" in output
    assert "tests/unit" not in output
