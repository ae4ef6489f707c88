"""What `make` does with the variables of its targets, and with mistyped ones."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.checkout import ROOT
from tests.support.clone import users_environment

if TYPE_CHECKING:
    from pathlib import Path


def planned(*arguments: str, fails: bool = False) -> str:
    """Return what a `make` would run, or its error."""
    ended = subprocess.run(
        ["/usr/bin/env", "make", "--dry-run", *arguments],
        cwd=ROOT,
        env=users_environment(),
        text=True,
        check=False,
        capture_output=True,
    )
    assert (ended.returncode != 0) == fails, ended.stdout + ended.stderr
    return ended.stderr if fails else ended.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("run", "dag=shop.daily"), "Did you mean `make run DAG=...`?"),
        (("run", "DAGS=shop.daily"), "Did you mean `make run DAG=...`?"),
        (("run", "full-refresh=1"), "Did you mean `make run FULL_REFRESH=...`?"),
        (("run", "SHOP_PASSWORD=x"), "`SHOP_PASSWORD=... make run`"),
        (("reset", "DAG=shop.daily"), "expected one of: PROJECT."),
        (("plan", "PROJEKT=shop"), "Did you mean `make plan PROJECT=...`?"),
        (("push", "REGISTERY=x", "REGISTRY=x"), "Did you mean `make push REGISTRY=...`?"),
        (("lint", "PROJECT=shop"), "takes no variables"),
        (("up", "CLUSTER_IMAGE=offline"), "Did you mean `make up CLUSTER_IMAGES=...`?"),
    ],
)
def test_an_unknown_variable(arguments: tuple[str, str], expected: str) -> None:
    (shown,) = planned(*arguments, fails=True).splitlines()
    assert f"unknown variable `{arguments[1].partition('=')[0]}`" in shown
    assert expected in shown


@pytest.mark.parametrize("value", ["1", "true", "yes", "0", "false", "no"])
def test_a_full_refresh_only_where_it_is_asked_for(value: str) -> None:
    command = planned("run", f"FULL_REFRESH={value}")
    assert ("--full-refresh" in command) == (value in {"1", "true", "yes"})


@pytest.mark.parametrize(
    ("verb", "name", "value"),
    [
        ("run", "FULL_REFRESH", "maybe"),
        ("run", "FULL_REFRESH", "no please"),
        ("astro-kind", "OFF", "off"),
        ("astro-check", "UNPINNED", "2"),
    ],
)
def test_neither_yes_nor_no(verb: str, name: str, value: str) -> None:
    (shown,) = planned(verb, f"{name}={value}", fails=True).splitlines()
    assert f"{name}={value}" in shown
    assert f"Example: make {verb} {name}=1" in shown


@pytest.mark.parametrize("value", ["my store.customers", "a'b", 'a"b; echo `x`', "--help"])
def test_a_value_is_one_argument(value: str) -> None:
    assert f"--dag={value}" in shlex.split(planned("run", f"DAG={value}"))


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("demo", "DAG"), ("reset", "PROJECT"), ("plan", "DIFF"), ("output", "FILE"),
        ("push", "TAG"),
    ],
)  # fmt: skip
def test_so_it_is_of_other_verbs(verb: str, name: str) -> None:
    registry = ["REGISTRY=x"] if verb == "push" else []
    arguments = shlex.split(planned(verb, f"{name}=it's a", *registry))
    assert any(each.endswith("it's a") for each in arguments), arguments


def test_the_makefiles_own_variables_hold_for_every_verb() -> None:
    planned("lint", "PYTHON=3.13")
    planned("run", "DAG=shop.daily", "AIRFLOW_DATE=2026-11-01")


def test_a_folder_with_a_space_in_its_name(tmp_path: Path) -> None:
    for name in ("shop", "my new shop"):
        (tmp_path / "meltano" / name).mkdir(parents=True)
        (tmp_path / "meltano" / name / "meltano.yml").touch()

    def make(verb: str) -> str:
        command = ["/usr/bin/env", "make", "--file", str(ROOT / "Makefile"), "--dry-run", verb]
        environment = users_environment()
        ended = subprocess.run(
            command, cwd=tmp_path, env=environment, text=True, check=False, capture_output=True
        )
        return str(ended.stderr)

    shown = make("plugins")
    assert "a project's folder has a space in its name: meltano/my new shop/meltano.yml" in shown
    assert "rename it" in shown
    assert "space" not in make("help")
    (tmp_path / "meltano" / "my new shop").rename(tmp_path / "meltano" / "my-shop")
    assert "space" not in make("plugins")


@pytest.mark.parametrize(
    ("verb", "name"), [("run", "DAG"), ("run", "FULL_REFRESH"), ("plan", "PROJECT")]
)
def test_a_variable_without_a_value(verb: str, name: str) -> None:
    """As that of an unset variable of a shell; without it the target would do something else."""
    (shown,) = planned(verb, f"{name}=", fails=True).splitlines()
    assert f"make {verb}: {name}= has no value" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan", "PODS=astro", "DIFF=main"), "leave one out"),
        (("push",), "Example: make push REGISTRY=ghcr.io/acme"),
    ],
)
def test_what_does_not_go_together_or_is_missing(arguments: tuple[str, ...], words: str) -> None:
    (shown,) = planned(*arguments, fails=True).splitlines()
    assert words in shown


@pytest.mark.parametrize("verb", ["validate", "plan", "doctor"])
def test_a_project_may_be_named(verb: str) -> None:
    assert planned(verb, "PROJECT=shop").split()[-1] == "'shop'"


@pytest.mark.parametrize(
    ("target", "words"),
    [("runn", "Did you mean `make run`?"), ("vlaidate", "`make validate`"), ("xyz", "`make help`")],
)
def test_a_target_that_there_is_not(target: str, words: str) -> None:
    ended = subprocess.run(["make", target], cwd=ROOT, text=True, check=False, capture_output=True)  # noqa: S607
    assert ended.returncode == 2
    assert words in ended.stderr
    assert "`make help` lists the targets" in ended.stderr
