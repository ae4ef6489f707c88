"""Every mistake is named with file, line and key, and with how to fix it."""

from __future__ import annotations

import re

import pytest
from meltano_pods.errors import ProjectError
from meltano_pods.project import read_project

from tests.support.mistakes import FILE, MISTAKES
from tests.support.projects import GOOD, MakeProject, errors_in

# Every other mistake is one error, and nothing that only follows from it is another.
SEVERAL = {"key of a schedule at the top": 2, "job with a plugin's name": 2}


WITHOUT_EXAMPLE = re.compile(
    r"twice, first|duplicate key|not valid YAML|names a plugin of the type|; expected one of"
)


@pytest.mark.parametrize("case", MISTAKES)
def test_says_what_where_and_how_to_fix_it(make_project: MakeProject, case: str) -> None:
    old, new, line, key, parts = MISTAKES[case]
    assert old in GOOD
    folder = make_project(GOOD.replace(old, new, 1))
    error, *others = errors_in(folder)
    assert len(others) == SEVERAL.get(case, 1) - 1, others
    text = str(error)
    place = FILE if line is None else f"{FILE}, line {line}"
    assert f"where: {place}" + (f", key {key}" if key else "") in text
    for part in parts:
        assert part in text
    assert error.fix
    # A valid value is shown, but where two are one too many or YAML itself is broken.
    assert "`" in error.fix or WITHOUT_EXAMPLE.search(error.what), error.fix
    assert "hunter2" not in text


def test_syntax_errors_quote_nothing_of_the_file(make_project: MakeProject) -> None:
    folder = make_project("plugins:\n  extractors:\n  - config: {password: hunter2\n  x: [")
    with pytest.raises(ProjectError) as caught:
        read_project(folder)
    chain = [caught.value, caught.value.__cause__]
    assert "hunter2" not in "".join(map(str, chain))
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("text", ["", "# nothing\n", "null\n"])
def test_empty_file(make_project: MakeProject, text: str) -> None:
    with pytest.raises(ProjectError, match="the file is empty"):
        read_project(make_project(text))


@pytest.mark.parametrize("text", ["- a\n", "plain text\n"])
def test_no_mapping_at_the_top(make_project: MakeProject, text: str) -> None:
    with pytest.raises(ProjectError, match="expected a mapping, found a"):
        read_project(make_project(text))


def test_not_utf8(make_project: MakeProject) -> None:
    folder = make_project(GOOD)
    (folder / "meltano.yml").write_bytes(b"name: \xff\n")
    with pytest.raises(ProjectError, match="not UTF-8"):
        read_project(folder)


@pytest.mark.parametrize("name", ["meltano.yaml", "Meltano.yml"])
def test_the_project_by_another_name(make_project: MakeProject, name: str) -> None:
    folder = make_project(GOOD)
    (folder / "meltano.yml").rename(folder / name)
    with pytest.raises(ProjectError, match=f"Meltano reads meltano.yml, not {name}"):
        read_project(folder)


def test_line_ends_of_windows_and_a_byte_order_mark(make_project: MakeProject) -> None:
    folder = make_project("")
    (folder / "meltano.yml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert list(read_project(folder).schedules) == ["daily"]
    wrong = GOOD.replace("'@daily'", "@daily").replace("\n", "\r\n").encode()
    (folder / "meltano.yml").write_bytes(b"\xef\xbb\xbf" + wrong)
    with pytest.raises(ProjectError, match="line 27") as caught:
        read_project(folder)
    assert caught.value.fix == "Quote it: '@daily'."


def test_errors_in_included_files_name_them(make_project: MakeProject) -> None:
    folder = make_project(
        GOOD + "include_paths: [more.yml]\n", more="jobs:\n- name: load\n  tasks: dbt\n"
    )
    (error,) = errors_in(folder)
    assert "meltano/shop/more.yml, line 2, key jobs[0]" in str(error)
    assert "meltano/shop/meltano.yml, line 21" in str(error)
