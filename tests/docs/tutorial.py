"""Reads a tutorial as steps, so that a test can do what the page says, in its order.

- A `bash` block is typed, and the `text` block after it is what is shown, without empty lines.
  A line `...` stands for any number of lines, `...` within a line for anything, a duration or a
  size for any other, blanks for any number of them. Where `make: ***` is among the lines, the
  command has to fail.
- Any other block is a file: its first line names it, and where in it the rest goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = re.compile(r"^## ([^\n]+)$|^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (?P<path>[\w./-]+)(?:, (?P<place>.+))?\n")
_ITEM = r"^( *)- name: {name}\n(?:\1 +.*\n|\n(?=\1  ))*"
_FIGURE = re.compile(r"[\d.]+(?= (?:s|MiB)\b)")
KUBERNETES = "Kubernetes"
"""What a section's title has where its commands are for a cluster."""


@dataclass(frozen=True)
class Typed:
    """Commands, and what they show.

    Attributes:
        section: Title of their section.
        commands: What is typed.
        shown: Lines that have to be shown.
    """

    section: str
    commands: str
    shown: tuple[str, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether it has to fail."""
        return any(line.startswith("make: ***") for line in self.shown)

    def missing(self, output: str) -> str | None:
        """Return the first line that is not shown where it should be; None if all are."""
        text = "".join(f"{line}\n" for line in output.splitlines() if line.strip())
        pattern = ""
        for line in self.shown:
            pattern += _pattern(line)
            if not re.match(pattern, text):
                return line
        complete = not self.shown or re.fullmatch(pattern, text)
        return None if complete else "the end of the output"


@dataclass(frozen=True)
class Written:
    """A file, or a part of one.

    Attributes:
        section: Title of its section.
        path: The file's path within the project.
        place: Where in it the text goes; empty for a whole file.
        text: The text.
    """

    section: str
    path: str
    place: str
    text: str

    def write(self, root: Path) -> None:
        """Do to the file below `root` what the page says."""
        file = root / self.path
        before = file.read_text() if self.place else ""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.put_into(before))

    def put_into(self, before: str) -> str:
        """Return the file's text, changed."""
        if not self.place:
            return self.text
        if self.place == "at the end":
            return before + self.text
        if self.place == "in place of the end":
            # The page shows it again, with a difference, as long as the first line stays.
            return before[: before.rindex(self.text.split("\n", 1)[0])] + self.text
        names = re.findall(r"`([\w-]+)`", self.place)
        (item,) = re.finditer(_ITEM.format(name=names[-1]), before, re.MULTILINE)
        if len(names) == 1:
            start, end = item.span()
            text = re.sub("^(?=.)", item[1], self.text, flags=re.MULTILINE)
        else:
            key = re.compile(rf"^( +){names[0]}:\n(?:\1 +.*\n)*", re.MULTILINE)
            found = key.search(before, *item.span())
            assert found, self.place
            (start, end), text = found.span(), self.text
        return before[:start] + text + before[end:]


def typed_in(page: Path, section: str) -> Typed:
    """Return all that is typed in a section, and shown, in one: what a terminal keeps, it keeps."""
    found = [block for block in _BLOCK.findall(_section(page, section)) if not block[0]]
    commands = "".join(text for _, language, text in found if language == "bash")
    shown = [text.splitlines() for _, language, text in found if language == "text"]
    assert commands, f"{page.name}: {section}"
    return Typed(section, commands, tuple(line for lines in shown for line in ["...", *lines]))


def _section(page: Path, title: str) -> str:
    """Return the text below a heading, up to the next of its level or a higher one."""
    found = re.search(
        rf"^(##+) {re.escape(title)}\n(.*?)(?=^## |\Z)", page.read_text(), re.MULTILINE | re.DOTALL
    )
    assert found, f"{page.name} has no section {title}"
    return found[2]


def steps(page: Path) -> list[Typed | Written]:
    """Return the steps of a page, in order."""
    found: list[Typed | Written] = []
    section = ""
    for title, language, text in _BLOCK.findall(page.read_text()):
        if title:
            section = title
        elif language == "bash":
            found.append(Typed(section, text))
        elif language == "text":
            last = found.pop()
            assert isinstance(last, Typed), f"{page.name} shows what nothing has shown: {text}"
            lines = tuple(line for line in text.splitlines() if line)
            found.append(Typed(section, last.commands, lines))
        else:
            head = _FILE.match(text)
            assert head, f"{page.name}: the first line of this block should name a file:\n{text}"
            found.append(Written(section, head["path"], head["place"] or "", text[head.end() :]))
    assert found, f"{page.name} has no steps"
    return found


def _pattern(wanted: str) -> str:
    if wanted == "...":
        return r"(?:.*\n)*?"
    parts = [_FIGURE.sub("\0", part) for part in wanted.rstrip().split("...")]
    text = ".*".join(re.escape(part).replace("\0", r"[\d.,]+") for part in parts)
    return re.sub(r"(?:\\ )+", " +", text) + r"\n"
