from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tools.cluster.cache import cache_root, cached, digest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_folder_is_built_once() -> None:
    builds = []

    def build(folder: Path) -> None:
        builds.append(folder)
        (folder / "result").write_text("made")

    first = cached("thing", "key", build)
    again = cached("thing", "key", build)

    assert first == again == cache_root() / "thing" / "key"
    assert (again / "result").read_text() == "made"
    assert len(builds) == 1


def test_an_interrupted_build_is_done_anew_from_nothing() -> None:
    def breaks(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached("thing", "key", breaks)
    folder = cached("thing", "key", lambda folder: (folder / "whole").touch())

    assert [file.name for file in folder.iterdir() if file.name != ".done"] == ["whole"]


def test_what_was_used_longest_ago_goes_first() -> None:
    for age, key in enumerate(("old", "older", "oldest")):
        folder = cached("thing", key, lambda _: None, keep=9)
        os.utime(folder / ".done", (1000 - age, 1000 - age))

    cached("thing", "new", lambda _: None, keep=3)

    assert {f.name for f in (cache_root() / "thing").iterdir() if f.is_dir()} == {
        "new",
        "old",
        "older",
    }


def test_a_digest_tells_content_names_and_modes_apart(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "a"
    file.write_text("1")
    before = digest(folder, "x")

    assert digest(folder, "x") == before
    assert digest(folder, "y") != before
    file.write_text("2")
    assert digest(folder, "x") != before
    file.write_text("1")
    file.chmod(0o755)
    assert digest(folder, "x") != before
    file.chmod(0o644)
    file.rename(folder / "b")
    assert digest(folder, "x") != before


def test_a_digest_does_not_depend_on_where_the_clone_is(tmp_path: Path) -> None:
    for clone in ("one", "two"):
        (tmp_path / clone / "folder").mkdir(parents=True)
        (tmp_path / clone / "folder" / "a").write_text("1")

    assert digest(tmp_path / "one" / "folder") == digest(tmp_path / "two" / "folder")
