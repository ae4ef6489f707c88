"""What `make run` finds wrong before it installs or starts anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.projects import GOOD, MakeProject
from tools import local_run
from tools.local_run import LocalRun, LocalRunError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_project(GOOD).parent.parent
    (root / "dags").mkdir()
    (root / "dags" / "shop.py").write_text("")
    monkeypatch.setattr(local_run, "ROOT", root)
    return root


def check(dag_id: str) -> None:
    LocalRun(dag_id, keep=False, full_refresh=False).check()


def test_a_project_without_a_fault(root: Path) -> None:
    check("shop.daily")
    (root / "dags" / "own.py").write_text("")
    check("own.pipeline")  # a DAG of one's own may have no project of its name


def test_a_fault(root: Path) -> None:
    (root / "meltano" / "shop" / "meltano.yml").write_text(GOOD.replace("interval", "intervall"))
    with pytest.raises(LocalRunError, match="Meltano reads no key `intervall`") as caught:
        check("shop.daily")
    assert "line 27" in str(caught.value)


@pytest.mark.usefixtures("root")
def test_no_such_project() -> None:
    with pytest.raises(
        LocalRunError, match=r"no project shp; there are: shop. Did you mean `shop`"
    ):
        check("shp.daily")


def test_no_dag_file(root: Path) -> None:
    (root / "dags" / "shop.py").unlink()
    with pytest.raises(LocalRunError, match=r"shop has no DAG file: `cp .* dags/shop.py`"):
        check("shop.daily")
