"""The project's digest, and the refusal of a run whose project is another than the DAG's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from meltano_runner.contract.categories import CATEGORIES, Category
from meltano_runner.contract.digest import compute_project_digest
from meltano_runner.contract.environment import PROJECT_DIGEST
from meltano_runner.contract.result import Outcome
from meltano_runner.run import drift

from tests.runner.test_supervise import Run

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "include_paths: [./jobs/*.yml, 'more/**/x.yml']\nplugins: {}\n"
PATTERNS = ["./jobs/*.yml", "more/**/x.yml"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "orders"
    for name, text in {
        "meltano.yml": MAIN,
        "jobs/a.yml": "a",
        "jobs/b.yml": "b",
        "more/x.yml": "x",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_the_digest_is_short_and_the_same_wherever_the_project_lies(project: Path) -> None:
    digest = compute_project_digest(project, PATTERNS)
    assert len(digest) == 16
    moved = project.rename(project.with_name("elsewhere"))
    assert compute_project_digest(moved, PATTERNS) == digest


@pytest.mark.parametrize("file", ["meltano.yml", "jobs/a.yml", "more/x.yml"])
def test_a_change_to_any_counted_file_shows(project: Path, file: str) -> None:
    before = compute_project_digest(project, PATTERNS)
    (project / file).write_text("changed")
    assert compute_project_digest(project, PATTERNS) != before


def test_a_renamed_file_and_moved_text_show(project: Path) -> None:
    before = compute_project_digest(project, PATTERNS)
    (project / "jobs" / "a.yml").rename(project / "jobs" / "c.yml")
    renamed = compute_project_digest(project, PATTERNS)
    (project / "jobs" / "b.yml").write_text("")
    (project / "jobs" / "c.yml").write_text("ba")
    assert len({before, renamed, compute_project_digest(project, PATTERNS)}) == 3


def test_other_files_and_a_pattern_matching_twice_do_not_count(project: Path) -> None:
    before = compute_project_digest(project, PATTERNS)
    (project / "data.csv").write_text("1")
    (project / "jobs" / "d.yml").mkdir()
    assert compute_project_digest(project, [*PATTERNS, "jobs/a.yml", "meltano.yml"]) == before


@pytest.mark.parametrize("patterns", [["/etc/*"], [""]])
def test_a_pattern_that_cannot_be_searched_is_an_error(project: Path, patterns: list[str]) -> None:
    with pytest.raises((ValueError, NotImplementedError)):
        compute_project_digest(project, patterns)


def test_nothing_is_compared_unless_a_digest_is_expected(tmp_path: Path) -> None:
    drift.check_drift(tmp_path, {})
    drift.check_drift(tmp_path, {PROJECT_DIGEST: ""})


def test_the_same_project_passes(project: Path) -> None:
    drift.check_drift(project, {PROJECT_DIGEST: compute_project_digest(project, PATTERNS)})


@pytest.mark.parametrize(
    "text",
    ["include_paths: ['/etc/*']", "include_paths: [", "include_paths: jobs", "- include_paths"],
)
def test_a_project_that_makes_no_sense_differs(project: Path, text: str) -> None:
    (project / "meltano.yml").write_text(text)
    with pytest.raises(drift.DriftError, match="0123456789abcdef"):
        drift.check_drift(project, {PROJECT_DIGEST: "0123456789abcdef"})


def test_an_image_without_the_project_says_so(tmp_path: Path) -> None:
    with pytest.raises(drift.DriftError, match=r"there is no .*meltano\.yml"):
        drift.check_drift(tmp_path, {PROJECT_DIGEST: "0123456789abcdef"})


@pytest.mark.skipif(sys.platform != "linux", reason="the runner runs on Linux")
def test_a_drifted_run_ends_before_meltano_starts(tmp_path: Path, project: Path) -> None:
    found = compute_project_digest(project, PATTERNS)
    run = Run(
        tmp_path, "run", "tap", "target",
        MELTANO_PROJECT_ROOT=str(project), MELTANO_RUNNER_PROJECT_DIGEST="0123456789abcdef",
    )  # fmt: skip
    result = run.end()
    assert (result.outcome, result.category, result.exit_code) == (
        Outcome.FAILED,
        Category.CONFIG_DRIFT,
        1,
    )
    assert result.error
    assert "0123456789abcdef" in result.error
    assert found in result.error
    assert "make push" in run.log
    assert not CATEGORIES[Category.CONFIG_DRIFT].retry
    assert len(run.log.splitlines()) == 3  # reason, hint and result: nothing of Meltano's
