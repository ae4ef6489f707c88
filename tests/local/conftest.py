"""A copy of this project for each module, as a user has it who has typed `make run` once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clone import copy_of_this_project, typed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clone = copy_of_this_project(tmp_path_factory.mktemp("clone") / "meltano-pods")
    typed(clone, "make run")
    return clone
