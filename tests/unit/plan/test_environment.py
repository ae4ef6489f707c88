"""Which environment Meltano takes by itself; tests/meltano compares with Meltano."""

from __future__ import annotations

import pytest
from meltano_pods.errors import ProjectError
from meltano_pods.project import read_project
from meltano_pods.project.dotenv import parse_dotenv, read_dotenv

from tests.support.projects import GOOD, MakeProject, sound_plan


def chosen(make_project: MakeProject, default: str, dotenv: str = "", more: str = "") -> str | None:
    folder = make_project(GOOD.replace("default_environment: dev", default) + more)
    (folder / ".env").write_text(dotenv)
    return sound_plan(folder).dags[0].tasks[0].environment


@pytest.mark.parametrize(
    ("default", "files", "expected"),
    [
        ("default_environment: $STAGE", ("", ""), "prod"),
        ("default_environment: ${STAGE}", ("", ""), "prod"),
        ("default_environment: ${lower}", ("", ""), "dev"),
        ("default_environment: pr${part}", ("", ""), "prod"),
        ("default_environment: $FROM_FILE", ("FROM_FILE=dev", ""), "dev"),
        ("default_environment: $STAGE", ("STAGE=dev", ""), "prod"),
        ("default_environment: $STAGE", ("", "env: {STAGE: dev}\n"), "dev"),
        ("default_environment: $EMPTY", ("", ""), None),
        ("default_environment:", ("", ""), None),
        ("default_environment: ''", ("", ""), None),
        ("default_environment: dev", ("MELTANO_ENVIRONMENT=prod", ""), "prod"),
        ("default_environment: dev", ("MELTANO_DEFAULT_ENVIRONMENT=prod", ""), "prod"),
        ("default_environment: dev", ("", "env: {MELTANO_DEFAULT_ENVIRONMENT: prod}\n"), "prod"),
    ],
)
def test_what_is_chosen(
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    default: str,
    files: tuple[str, str],
    expected: str | None,
) -> None:
    for name, value in {"STAGE": "prod", "lower": "dev", "part": "od", "EMPTY": ""}.items():
        monkeypatch.setenv(name, value)
    assert chosen(make_project, default, *files) == expected


@pytest.mark.parametrize(
    ("default", "parts"),
    [
        ("$NOT_SET", ("`$NOT_SET` is not known here", "Set NOT_SET", "{environment: dev}")),
        ("dev$NOT_SET", ("`dev$NOT_SET`",)),
        ("dve", ("'dve' is not defined; defined are: dev, prod", "Did you mean `dev`?")),
        ("$STAGE", ("'prd' (`$STAGE`) is not defined", "Did you mean `prod`?")),
        # Neither is a reference to Meltano.
        ("$stage", ("'$stage' is not defined",)),
        ("'\\$STAGE'", ("'$STAGE'",)),
    ],
)
def test_what_cannot_be_chosen(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, default: str, parts: tuple[str, ...]
) -> None:
    monkeypatch.setenv("STAGE", "prd")
    with pytest.raises(ProjectError, match="line 1, key default_environment") as caught:
        chosen(make_project, f"default_environment: {default}")
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("default", ["$NOT_SET", "dve"])
def test_it_does_not_matter_where_a_setting_or_airflow_names_one(
    make_project: MakeProject, default: str
) -> None:
    more = "annotations: {meltano_pods: {environment: prod}}\n"
    assert chosen(make_project, f"default_environment: {default}", more=more) == "prod"
    folder = make_project(GOOD.replace("environment: dev", f"environment: {default}"))
    assert sound_plan(folder, "prod").dags[0].tasks[0].environment == "prod"


DOTENV = r"""
# a comment
A=1
export B = two words # a comment
C='single \' quoted # not a comment' # a comment
D="double \"quoted\"\ttab"
E="two
lines"
F=
G
'H I'=quoted key
 J=x#y
K=${A}-${NOT_SET:-default}-${C}
not a line
L='${A}'
"""


def test_a_dotenv_file(make_project: MakeProject) -> None:
    folder = make_project(GOOD)
    (folder / ".env").write_text(DOTENV.replace("\n", "\r\n", 5))
    assert read_dotenv(folder, {"A": "of the process"}) == {
        "A": "1",
        "B": "two words",
        "C": "single ' quoted # not a comment",
        "D": 'double "quoted"\ttab',
        "E": "two\nlines",
        "F": "",
        "H I": "quoted key",
        "J": "x#y",
        "K": "1-default-single ' quoted # not a comment",
        "L": "1",
    }
    assert parse_dotenv(DOTENV)["G"] is None


@pytest.mark.parametrize(
    "content", [b"\xff", b"=", b"=x\n==", b"'", b'A="', b"\n" * 9, b"A" * 2_000_000]
)
def test_a_dotenv_file_that_is_none(make_project: MakeProject, content: bytes) -> None:
    folder = make_project(GOOD)
    (folder / ".env").write_bytes(content)
    read_dotenv(folder, {})
    assert read_project(folder).default_environment is not None
