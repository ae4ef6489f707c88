"""Whatever a project's files are, reading them ends soon, with one error that says where."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

import pytest
from meltano_pods.errors import ProjectError
from meltano_pods.project import read_project

from tests.support.hostile import HOSTILE, make
from tests.support.projects import GOOD, MakeProject, errors_in

SECONDS = 6


@pytest.mark.parametrize("case", HOSTILE)
def test_ends_soon_and_says_what_where_and_how_to_fix_it(tmp_path: Path, case: str) -> None:
    hostile = HOSTILE[case]
    folder = tmp_path / "meltano" / "shop"
    folder.mkdir(parents=True)
    make(hostile, folder)
    began = time.process_time()
    (error,) = errors_in(folder)
    assert time.process_time() - began < SECONDS
    _, where, fix, *rest = str(error).splitlines()
    assert not rest
    assert where.startswith("  where: meltano/shop/")
    assert hostile.where in where
    assert fix.removeprefix("  fix: ")
    for part in hostile.parts:
        assert part in str(error)
    assert len(str(error)) < 1_000
    assert "hunter2" not in "".join(traceback.format_exception(error))


def test_a_file_that_airflow_may_not_read(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By a stand-in, because a superuser may read every file.
    def refuse(self: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    folder = make_project(GOOD)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ProjectError, match="cannot be read: Permission denied"):
        read_project(folder)


def test_links_that_make_a_circle_of_folders_end(make_project: MakeProject) -> None:
    folder = make_project(GOOD + "include_paths: ['**/jobs.yml', '*/*/*/jobs.yml']\n")
    (folder / "more").mkdir()
    (folder / "more" / "again").symlink_to(folder, target_is_directory=True)
    (folder / "more" / "jobs.yml").write_text("jobs: [{name: more, tasks: dbt}]\n")
    assert "'more' is defined twice" in str(errors_in(folder)[0])
