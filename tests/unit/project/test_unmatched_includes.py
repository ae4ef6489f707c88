"""A pattern of `include_paths` that matches no file, which Meltano accepts silently."""

from __future__ import annotations

import pytest
from meltano_pods.project.files import read_project_files
from meltano_pods.project.unmatched_includes import find_unmatched_includes

from tests.support.projects import GOOD, MakeProject


@pytest.mark.parametrize(
    ("pattern", "what", "fix"),
    [
        # The folder is misspelled: everything below it is missing.
        (
            "./orchestration/*.meltano.yml",
            "the project has: meltano.yml, orchestrate, transform",
            "Did you mean `orchestrate/*.meltano.yml`?",
        ),
        # The file is misspelled, in a folder that exists.
        ("orchestrate/job.yml", "orchestrate has: jobs.meltano.yml", "jobs.meltano.yml`?"),
        ("./schedules.meltano.yml", "the project has:", "`include_paths`"),
        # The folder is right, its files have other names.
        ("orchestrate/*.yaml", "orchestrate has: jobs.meltano.yml", "`include_paths`"),
        ("transform/**/*.yml", "transform has: none", "`include_paths`"),
        ("**/*.yaml", "the project has: meltano.yml", "`include_paths`"),
        # A file where the pattern wants a folder.
        ("meltano.yml/*.yml", "the project has: meltano.yml", "`include_paths`"),
    ],
)
def test_it_names_what_exists_and_what_is_similar(
    make_project: MakeProject, pattern: str, what: str, fix: str
) -> None:
    folder = make_project(GOOD + f"include_paths:\n- '*.yml'\n- '{pattern}'\n")
    (folder / "orchestrate").mkdir()
    (folder / "orchestrate" / "jobs.meltano.yml").write_text("jobs: []\n")
    (folder / "transform").mkdir()
    (folder / ".meltano").mkdir()
    (warning,) = find_unmatched_includes(folder, read_project_files(folder)[0])
    line = (GOOD + "include_paths:\n- '*.yml'\n- x").count("\n") + 1
    assert str(warning.where) == f"meltano/shop/meltano.yml, line {line}, key include_paths[1]"
    assert f"'{pattern.removeprefix('./')}'" in warning.what
    assert what in warning.what
    assert fix in warning.fix


@pytest.mark.parametrize("text", ["", "include_paths: ['./*.yml', more.yml]\n"])
def test_patterns_that_match_are_fine(make_project: MakeProject, text: str) -> None:
    folder = make_project(GOOD + text, more="jobs: []\n")
    assert list(find_unmatched_includes(folder, read_project_files(folder)[0])) == []
