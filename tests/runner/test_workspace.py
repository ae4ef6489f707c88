"""Each run has a system directory of its own, and the database outlives it."""

from pathlib import Path

import pytest
from meltano_runner.run import workspace


def write_database(folder: str) -> None:
    (Path(folder) / "meltano.db").write_text("state")


def test_what_is_installed_is_seen_and_what_a_run_writes_is_its_own(tmp_path: Path) -> None:
    shared = tmp_path / ".meltano"
    (shared / "extractors" / "tap-a").mkdir(parents=True)
    (shared / "run").mkdir()
    with workspace.create_workspace(tmp_path, {}) as own:
        folder = Path(own["MELTANO_SYS_DIR_ROOT"])
        assert (folder / "extractors" / "tap-a").is_dir()
        (folder / "run").mkdir()
        (folder / "run" / "secrets.json").write_text("{}")
    assert not folder.exists()
    assert not list((shared / "run").iterdir())


@pytest.mark.parametrize("exists", [True, False], ids=["installed", "nothing installed"])
def test_the_default_database_outlives_the_run(tmp_path: Path, exists: bool) -> None:
    if exists:
        (tmp_path / ".meltano").mkdir()
    for _ in range(2):
        with workspace.create_workspace(tmp_path, {}) as own:
            write_database(own["MELTANO_SYS_DIR_ROOT"])
        assert (tmp_path / ".meltano" / "meltano.db").read_text() == "state"


def test_two_runs_have_two(tmp_path: Path) -> None:
    with (
        workspace.create_workspace(tmp_path, {}) as one,
        workspace.create_workspace(tmp_path, {}) as other,
    ):
        assert one["MELTANO_SYS_DIR_ROOT"] != other["MELTANO_SYS_DIR_ROOT"]


def test_another_system_directory_is_respected(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    with workspace.create_workspace(tmp_path, {"MELTANO_SYS_DIR_ROOT": str(elsewhere)}) as own:
        write_database(own["MELTANO_SYS_DIR_ROOT"])
    assert (elsewhere / "meltano.db").exists()


def test_temporary_files_of_plugins_go_where_there_is_room_and_are_removed(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with workspace.create_workspace(tmp_path, {"MELTANO_RUNNER_SCRATCH": str(scratch)}) as own:
        temporary = Path(own["TMPDIR"])
        assert temporary.is_relative_to(scratch)
        # Its secrets stay in the runner's folder, which is memory in a pod.
        assert not Path(own["MELTANO_SYS_DIR_ROOT"]).is_relative_to(scratch)
        assert temporary.parent.stat().st_mode & 0o077 == 0
        (temporary / "batch.jsonl").write_text("{}")
    assert list(scratch.iterdir()) == []
