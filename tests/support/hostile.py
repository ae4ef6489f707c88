"""Projects that are hostile rather than mistaken: in size, depth, encoding, or kind of file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from tests.support.projects import GOOD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Content = bytes | str | Mapping[str, bytes | str] | Callable[[Path], None]


class Hostile(NamedTuple):
    """A project's files, and what its error says.

    Attributes:
        content: Of meltano.yml, or of several files by path, or what makes them in a folder.
        where: The place: file, line, key.
        parts: Of the message.
    """

    content: Content
    where: str
    parts: tuple[str, ...]


def _bomb(key: str) -> str:
    lines = ["x0: &x0 [l, l, l, l, l, l, l, l, l, l]"]
    lines += [f"x{at}: &x{at} [{', '.join([f'*x{at - 1}'] * 10)}]" for at in range(1, 12)]
    return "\n".join([*lines, key.format("*x11"), ""]) + GOOD


def _merges(count: int) -> str:
    lines = [f"x{at}: &x{at} {{<<: *x{at - 1}, k{at}: 1}}" for at in range(1, count)]
    return "\n".join(["x0: &x0 {k: 1}", *lines, ""]) + GOOD


def _link(target: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "meltano.yml").symlink_to(target)

    return make


def _link_outside(folder: Path) -> None:
    outside = folder.parent.parent / f"outside-{folder.name}.yml"
    outside.write_text(GOOD)
    (folder / "meltano.yml").symlink_to(outside)


def _include_link_outside(folder: Path) -> None:
    outside = folder.parent.parent / f"outside-{folder.name}.yml"
    outside.write_text("jobs: []\n")
    (folder / "a.yml").symlink_to(outside)
    (folder / "meltano.yml").write_text("include_paths: [a.yml]\n" + GOOD)


def _sparse(folder: Path) -> None:
    with (folder / "meltano.yml").open("wb") as file:
        file.truncate(10**10)


def _included(*paths: str, **files: str) -> dict[str, str]:
    more = {f"{name}.yml": text for name, text in files.items()}
    return {"meltano.yml": f"include_paths: [{', '.join(paths)}]\n" + GOOD, **more}


HOSTILE: dict[str, Hostile] = {
    # Depth: the C parser ends the process at about 30,000 brackets.
    "brackets": Hostile("x: " + "[" * 200_000, "meltano.yml, line 1", ("more than 50 deep",)),
    "braces": Hostile("{a: " * 100_000, "meltano.yml, line 1", ("more than 50 deep",)),
    "dashes": Hostile("- " * 5_000, "meltano.yml, line 1", ("more than 50 deep",)),
    "steps": Hostile(
        "".join(f"{' ' * at}a:\n" for at in range(900)), "meltano.yml, line 50", ("50 deep",)
    ),
    # Aliases and merge keys: few lines that stand for many.
    "a bomb of aliases": Hostile(
        _bomb("annotations: {{meltano_pods: {{tags: {}}}}}"),
        "key annotations.meltano_pods.tags[0]", ("more than 100,000 values", "anchors"),
    ),
    "a bomb in tasks": Hostile(
        _bomb("jobs: [{{name: bomb, tasks: {}}}]").replace("\njobs:\n", "\nx-jobs:\n"),
        "key jobs[0].tasks", ("more than 100,000 values",),
    ),
    "an anchor that holds itself": Hostile(
        "annotations: {meltano_pods: &x {env: *x}}\n" + GOOD,
        "line 1, key annotations.meltano_pods.env", ("nested too deeply",),
    ),
    "tasks that hold themselves": Hostile(
        GOOD.replace("  tasks:\n", "  tasks: &t\n  - *t\n"), "key jobs[0].tasks",
        ("nested too deeply",),
    ),
    "a chain of merges": Hostile(_merges(3_000), "key x", ("more than 50,000 entries",)),
    "a merge of itself": Hostile(
        "x: &x {<<: *x, a: b}\n" + GOOD, "line 1, key x.<<", ("into itself",)
    ),
    "a merge of a string": Hostile(
        "x: {<<: hunter2}\n" + GOOD, "line 1, key x.<<", ("merges mappings, found a single value",)
    ),
    "a merge of a list of lists": Hostile(
        "x: {<<: [[a]]}\n" + GOOD, "line 1, key x.<<", ("found a list",)
    ),
    "two merges": Hostile(
        "x: &x {a: b}\ny: {<<: *x, <<: *x}\n" + GOOD, "line 2, key y.<<", ("duplicate key",)
    ),
    "an alias of nothing": Hostile("x: *hunter2\n" + GOOD, "line 1", ("undefined alias",)),
    # Tags and versions.
    "a tag": Hostile(
        GOOD.replace("'@daily'", "!cron '@daily'"), "line 27, key schedules[0].interval",
        ("`!cron`",),
    ),
    "a tag that would run a command": Hostile(
        "annotations: {meltano_pods: {env: !!python/object/apply:os.system [ls]}}\n" + GOOD,
        "line 1, key annotations.meltano_pods.env", ("`!!python/object/apply:os.system`",),
    ),
    "a tag of a mapping": Hostile(
        GOOD.replace("- name: load", "- !job\n  name: load"), "key jobs[0]", ("`!job`",)
    ),
    "YAML 1.1": Hostile("%YAML 1.1\n---\n" + GOOD, "line 1", ("YAML 1.1", "YAML 1.2")),
    "YAML 3": Hostile("%YAML 3.0\n---\n" + GOOD, "line 1", ("YAML 3.0",)),
    "a mapping as a key": Hostile("? {a: hunter2}\n: b\n" + GOOD, "line 1", ("key is a list or",)),
    "an open quote": Hostile(
        GOOD.replace("password: hunter2", "password: 'hunter2"), "line", ("not valid YAML",)
    ),
    "a password that is an escape": Hostile(
        GOOD.replace("password: hunter2", 'password: "\\hunter2"'), "line 8", ("not valid YAML",)
    ),
    "a password that is an alias": Hostile(
        GOOD.replace("password: hunter2", "password: *hunter2"), "line 8", ("undefined alias",)
    ),
    "a password that is a directive": Hostile(
        GOOD.replace("password: hunter2", "password: %hunter2"), "line 8", ("not valid YAML",)
    ),
    "only a start": Hostile("---\n", "meltano.yml", ("the file is empty",)),
    "JSON and more": Hostile('{"jobs": []} {}', "line 1", ("not valid YAML",)),
    # Size.
    "a large file": Hostile(
        GOOD + "# " + "x" * 1_000_000, "meltano.yml",
        ("at most 1,000,000 are read", "include_paths"),
    ),
    "a file of ten gigabytes": Hostile(_sparse, "meltano.yml", ("10,000,000,000 bytes",)),
    "a name of a page": Hostile(
        GOOD.replace("- tap-csv target", f"- {'x' * 20_000} target"), "key jobs[0].tasks[0]",
        ("does not name a plugin",),
    ),
    "a key of a page": Hostile(
        GOOD + f"  env: {{{'x' * 900}: [hunter2]}}\n", "line 29, key schedules[0].env.xxx",
        ("found a list",),
    ),
    "a key of two pages": Hostile(
        GOOD + f"  env: {{{'x' * 20_000}: [hunter2]}}\n", "line 29", ("not valid YAML",)
    ),
    "a number of a page": Hostile(
        GOOD.replace("name: load", f"name: {'9' * 20_000}"), "key jobs[0].name",
        ("expected a string, found",),
    ),
    "six hundred included files": Hostile(
        _included("'*.yml'", **{f"f{at}": "jobs: []\n" for at in range(600)}),
        "line 1, key include_paths[0]", ("more than 500 files",),
    ),
    "included files of five megabytes": Hostile(
        _included("'*.yml'", **{f"f{at}": "# " + "x" * 900_000 + "\njobs: []" for at in range(5)}),
        "f4.yml", ("more than 4,000,000 characters",),
    ),
    # Encodings.
    "an archive": Hostile(b"\x1f\x8b\x08\x00" + bytes(range(256)), "line", ("not UTF-8 text",)),
    "a program": Hostile(b"\x7fELF\x02\x01\x01" + b"\0" * 99, "line 1", ("does not allow",)),
    "a NUL": Hostile(GOOD.replace("load", "lo\0ad", 1), "line 11", ("does not allow", "control")),
    "a bell": Hostile(GOOD.replace("hunter2", "hunter2\a"), "line 8", ("does not allow",)),
    "UTF-16": Hostile(GOOD.encode("utf-16"), "line 1", ("not UTF-8 text",)),
    "Latin 1": Hostile(
        GOOD.replace("load", "täglich").encode("latin-1"), "line 11", ("not UTF-8 text",)
    ),
    # Kinds of files.
    "a folder": Hostile(
        lambda folder: (folder / "meltano.yml").mkdir(), "meltano.yml", ("found a folder",)
    ),
    "a pipe": Hostile(
        lambda folder: os.mkfifo(folder / "meltano.yml"), "meltano.yml", ("found a device",)
    ),
    "a device": Hostile(_link("/dev/zero"), "meltano.yml", ("found a device",)),
    "a link to itself": Hostile(_link("meltano.yml"), "meltano.yml", ("cannot be read",)),
    "a link to nothing": Hostile(_link("nothing.yml"), "meltano.yml", ("does not exist",)),
    "a link to elsewhere": Hostile(_link_outside, "meltano.yml", ("outside the project",)),
    "nothing": Hostile({}, "meltano.yml", ("there is no meltano.yml",)),
    # Included files.
    "an include that loops": Hostile(
        _included("a.yml", a="include_paths: [meltano.yml, a.yml]\n"),
        "a.yml, line 1, key include_paths", ("in meltano.yml only",),
    ),
    "an include that is empty": Hostile(_included("a.yml", a=""), "a.yml", ("the file is empty",)),
    "an include that is a list": Hostile(
        _included("a.yml", a="- hunter2\n"), "a.yml, line 1", ("expected a mapping, found a list",)
    ),
    "an include without valid YAML": Hostile(
        _included("a.yml", a="a: [\n"), "a.yml, line", ("not valid YAML",)
    ),
    "an include of a folder": Hostile(
        {**_included("'*'"), "more/a.yml": ""}, "line 1, key include_paths[0]", ("matches `more`",)
    ),
    "an include from elsewhere": Hostile(
        _include_link_outside, "line 1, key include_paths[0]",
        ("matches `a.yml`, which is not a file",),
    ),
    "an absolute include": Hostile(
        _included("/etc/passwd"), "line 1, key include_paths[0]", ("not a pattern for files",)
    ),
    "an include of a number": Hostile(
        _included("7"), "line 1, key include_paths[0]", ("found 7",)
    ),
    "includes that are a string": Hostile(
        {"meltano.yml": "include_paths: a.yml\n" + GOOD}, "line 1, key include_paths",
        ("expected a list, found a string",),
    ),
    "no includes": Hostile(
        {"meltano.yml": "include_paths:\n" + GOOD}, "line 1, key include_paths",
        ("found nothing", "Remove the key"),
    ),
    "an included file that is large": Hostile(
        _included("a.yml", a="#" * 1_000_001), "a.yml", ("at most 1,000,000",)
    ),
}  # fmt: skip


def make(hostile: Hostile, folder: Path) -> None:
    """Make the project's files in a folder that exists."""
    content = hostile.content
    if callable(content):
        content(folder)
        return
    files = {"meltano.yml": content} if isinstance(content, bytes | str) else content
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
