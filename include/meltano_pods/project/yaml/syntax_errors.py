"""What is wrong with invalid YAML, and how to fix it.

The parser's own text quotes the line, which may hold a secret: of the file's text nothing is shown
but an interval.
"""

from __future__ import annotations

import re

import yaml

from meltano_pods.errors import Location, ProjectError
from meltano_pods.project.cron import cron_problem
from meltano_pods.project.yaml.compose import MAX_DEPTH, TooDeepError

# What it found, such as a password that starts with `*`; only the parser written in Python says it.
_QUOTED = re.compile(r" '[^']{2,}'| \"[^\"]{2,}\"")
# A value up to a comment, or to what ends it within braces.
_VALUE = re.compile(r".+?(?=\s+#|,\s|\s*[}\]]|\s*$)")
_RESERVED = ("@", "`", "%")
_ALIAS = "while scanning an alias"
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def explain(error: yaml.YAMLError, text: str, file: str) -> ProjectError:
    """Return a parser's error as one that names the fix.

    Args:
        error: The parser's.
        text: The file's content.
        file: Its path as messages show it.
    """
    if isinstance(error, TooDeepError):
        return ProjectError(
            f"lists and mappings are nested more than {MAX_DEPTH} deep",
            _place(error, file),
            "Close the brackets, or write what is nested in a file that a plugin reads.",
        )
    if isinstance(error, yaml.MarkedYAMLError):
        return _explain_marked(error, text, file)
    return ProjectError(
        "not valid YAML: it holds a character that YAML does not allow",
        Location(file, _line_of_control_character(text)),
        "Remove control characters; save the file as UTF-8.",
    )


def _explain_marked(error: yaml.MarkedYAMLError, text: str, file: str) -> ProjectError:
    where = _place(error, file)
    found = _value(error, text)
    if "cannot start any token" in _problem(error) and found.startswith(_RESERVED):
        return ProjectError(
            f"not valid YAML: a value without quotes may not begin with {found[0]!r}",
            where,
            _in_quotes(found),
        )
    if error.context == _ALIAS:
        return ProjectError(
            "not valid YAML: a value without quotes that begins with '*' names an anchor, and this "
            "is no name",
            where,
            _in_quotes(found or "*"),
        )
    return ProjectError(f"not valid YAML: {_problem(error)}", where, _fix(error, text, where))


def _place(error: yaml.MarkedYAMLError, file: str) -> Location:
    mark = error.problem_mark or error.context_mark
    return Location(file, None if mark is None else mark.line + 1)


def _problem(error: yaml.MarkedYAMLError) -> str:
    text = " ".join(part for part in (error.context, error.problem) if part)
    return _QUOTED.sub("", text)


def _value(error: yaml.MarkedYAMLError, text: str) -> str:
    """Return the value that the parser stopped at; empty if unknown."""
    mark = error.context_mark if error.context == _ALIAS else error.problem_mark
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines):
        return ""
    found = _VALUE.match(lines[mark.line], mark.column)
    return "" if found is None else found[0]


def _in_quotes(value: str) -> str:
    shown = value if cron_problem(value) is None else f"{value[0]}..."
    return f"Put it in quotes: '{shown}'."


def _fix(error: yaml.MarkedYAMLError, text: str, where: Location) -> str:
    lines = text.splitlines()
    line = lines[where.line - 1] if where.line and where.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "Indent with spaces: YAML does not allow tabs there."
    if "mapping values are not allowed" in _problem(error):
        return "Check the indentation, and quote a value that holds `: `."
    if "undefined alias" in _problem(error):
        return "Put the value in quotes if it is text, or write the anchor (`&name`) above it."
    if "another document" in _problem(error):
        return "Remove the line `---`: Meltano reads one document in a file."
    return "Check the indentation and the quotes on this line and the one before."


def _line_of_control_character(text: str) -> int | None:
    found = _CONTROL.search(text)
    return None if found is None else text.count("\n", 0, found.start()) + 1
