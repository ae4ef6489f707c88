"""A project's `.env`, as python-dotenv reads it."""

from __future__ import annotations

import pytest
from meltano_pods.project import read_project
from meltano_pods.project.variables import parse_dotenv, read_dotenv

from tests.support.projects import GOOD, MakeProject

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
