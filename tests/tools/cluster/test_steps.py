from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tools.cluster.errors import ClusterError
from tools.cluster.shell import Shell
from tools.cluster.steps import Step, alone, run_steps

if TYPE_CHECKING:
    from pathlib import Path


def test_each_step_is_named_with_its_time_and_what_it_did(tmp_path: Path) -> None:
    output: list[str] = []

    done = run_steps(
        [Step("First", lambda _: "made one"), Step("Second", lambda _: "found two")],
        tmp_path,
        command="make up",
        out=output.append,
    )

    text = "".join(output)
    assert done
    assert text.index("First") < text.index("made one") < text.index("found two")
    assert " s  in all" in text


def test_a_failure_names_step_cause_fix_log_and_how_to_resume(tmp_path: Path) -> None:
    output: list[str] = []

    def never(_: Shell) -> str:
        raise AssertionError

    def fails(shell: Shell) -> str:
        shell.run("sh", "-c", "echo visible; echo told >&2; exit 3", fix="Repair it")
        return ""

    done = run_steps(
        [Step("Make it", fails), Step("Never", never)],
        tmp_path,
        command="make up",
        diagnose=lambda: "pod x is unwell",
        out=output.append,
    )

    text = "".join(output)
    assert not done
    for part in ("FAILED", "Make it", "exit status 3", "told", "Repair it", "pod x", "`make up`"):
        assert part in text
    assert str(tmp_path / "01-make-it.log") in text
    assert "visible" in (tmp_path / "01-make-it.log").read_text()


def test_an_error_shows_its_own_commands_words_only(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "log")
    shell.run("sh", "-c", "echo earlier >&2")

    with pytest.raises(ClusterError) as caught:
        shell.run("sh", "-c", "echo now >&2; false")

    assert "now" in caught.value.detail
    assert "earlier" not in caught.value.detail


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="no-such-program is not installed"):
        Shell(tmp_path / "log").run("no-such-program")


def test_asking_neither_fails_nor_logs(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "log")

    assert shell.ask("echo", "secret") == "secret"
    assert shell.ask("false") is None
    assert shell.ask("no-such-program") is None
    assert not shell.log.exists()


def test_two_commands_at_once_take_turns(tmp_path: Path) -> None:
    folder, output, order = tmp_path / "meltano-pods", [], []
    waits = threading.Event()

    def tell(text: str) -> None:
        output.append(text)
        waits.set()

    def second() -> None:
        with alone(folder, tell):
            order.append("second")

    with alone(folder, tell):
        other = threading.Thread(target=second)
        other.start()
        assert waits.wait(30)
        order.append("first")
    other.join(30)
    assert order == ["first", "second"]
    assert output == ["Waiting for another command on the cluster meltano-pods ...\n"]
