"""Explains invalid YAML and how to fix it.

The parser's own message quotes the line, which may contain a secret. So no text of the file is
shown, except an interval.
"""

from __future__ import annotations

import re

import yaml

from meltano_pods.errors import Location, ProjectError
from meltano_pods.project.cron import find_interval_error
from meltano_pods.project.yaml.compose import MAX_DEPTH, TooDeepError

# The text it found, such as a password that starts with `*`; only the Python parser quotes it.
_QUOTED = re.compile(r" '[^']{2,}'| \"[^\"]{2,}\"")
# A value up to a comment, or to the end of it within braces.
_VALUE = re.compile(r".+?(?=\s+#|,\s|\s*[}\]]|\s*$)")
_RESERVED = ("@", "`", "%")
_ALIAS = "while scanning an alias"
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def explain(error: yaml.YAMLError, text: str, file: str) -> ProjectError:
    """Return an error of the parser as one with a fix.

    Args:
        error: The parser's.
        text: The file's content.
        file: Its path as messages show it.
    """
    if isinstance(error, TooDeepError):
        return ProjectError(
            f"lists and mappings are nested more than {MAX_DEPTH} deep",
            _get_location(error, file),
            "Close the brackets, or move the nested values to a file that a plugin reads.",
        )
    if isinstance(error, yaml.MarkedYAMLError):
        return _explain_marked(error, text, file)
    return ProjectError(
        "not valid YAML: it contains a character that YAML does not allow",
        Location(file, _find_control_character(text)),
        "Remove control characters; save the file as UTF-8.",
    )


def _explain_marked(error: yaml.MarkedYAMLError, text: str, file: str) -> ProjectError:
    where = _get_location(error, file)
    found = _find_value(error, text)
    if "cannot start any token" in _describe_problem(error) and found.startswith(_RESERVED):
        return ProjectError(
            f"not valid YAML: an unquoted value may not start with {found[0]!r}",
            where,
            _suggest_quotes(found),
        )
    if error.context == _ALIAS:
        return ProjectError(
            "not valid YAML: an unquoted value that starts with '*' is an alias, and this is "
            "not a valid alias name",
            where,
            _suggest_quotes(found or "*"),
        )
    return ProjectError(
        f"not valid YAML: {_describe_problem(error)}", where, _suggest_fix(error, text, where)
    )


def _get_location(error: yaml.MarkedYAMLError, file: str) -> Location:
    mark = error.problem_mark or error.context_mark
    return Location(file, None if mark is None else mark.line + 1)


def _describe_problem(error: yaml.MarkedYAMLError) -> str:
    text = " ".join(part for part in (error.context, error.problem) if part)
    return _QUOTED.sub("", text)


def _find_value(error: yaml.MarkedYAMLError, text: str) -> str:
    """Return the value at which the parser stopped; empty if unknown."""
    mark = error.context_mark if error.context == _ALIAS else error.problem_mark
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines):
        return ""
    found = _VALUE.match(lines[mark.line], mark.column)
    return "" if found is None else found[0]


def _suggest_quotes(value: str) -> str:
    shown = value if find_interval_error(value) is None else f"{value[0]}..."
    return f"Quote it: '{shown}'."


def _suggest_fix(error: yaml.MarkedYAMLError, text: str, where: Location) -> str:
    lines = text.splitlines()
    line = lines[where.line - 1] if where.line and where.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "Indent with spaces: YAML does not allow tabs there."
    if "mapping values are not allowed" in _describe_problem(error):
        return "Check the indentation, and quote a value that contains `: `."
    if "undefined alias" in _describe_problem(error):
        return "Quote the value if it is text, or write the anchor (`&name`) above it."
    if "another document" in _describe_problem(error):
        return "Remove the line `---`: Meltano reads one document in a file."
    return "Check the indentation and the quotes on this line and the one before."


def _find_control_character(text: str) -> int | None:
    found = _CONTROL.search(text)
    return None if found is None else text.count("\n", 0, found.start()) + 1
