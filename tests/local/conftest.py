"""One copy of this project, as a user has it who follows page after page."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.clone import copy_of_this_project, typed

if TYPE_CHECKING:
    from pathlib import Path


_AS_CLONED = "git checkout --quiet -- . && git clean --quiet --force -d"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Only the README's first command is typed where nothing is installed yet.
    items.sort(key=lambda item: item.path.name != "test_readme.py")


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = copy_of_this_project(tmp_path_factory.mktemp("clone") / "meltano-pods")
    for command in ("init --quiet", "add .", "commit --quiet --message=Clone"):
        typed(copy, f"git -c user.name=user -c user.email=user@example.com {command}")
    return copy


@pytest.fixture
def clone(copy: Path) -> Path:
    """As it was cloned, but for what is installed and what a run left in .run and output."""
    typed(copy, _AS_CLONED)
    return copy


@pytest.fixture
def fresh(clone: Path) -> Path:
    """As it was cloned, but for what is installed."""
    shutil.rmtree(clone / "output", ignore_errors=True)
    for state in (clone / ".run").glob("*.db*"):
        state.unlink()
    return clone


@pytest.fixture(scope="module")
def after_make_run(copy: Path) -> None:
    """Whatever ran before, all rows are moved again, as the README says."""
    shown = typed(copy, f"{_AS_CLONED} && make run FULL_REFRESH=1")
    assert "Done: 1,200 records extracted" in shown
