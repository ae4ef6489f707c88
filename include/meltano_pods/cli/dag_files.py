"""Finds the files of Airflow's DAG folder that may define a DAG, without Airflow."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALL = "airflow_dags"
"""What the DAG file of a project calls."""
_ANY = ".*"
_DAG = ("DAG", "dag")


def names_project(file: Path) -> bool:
    """Whether a DAG file is that of a project: it calls `airflow_dags`."""
    parsed = _parse(file)
    return parsed is not None and any(_called(node) == CALL for node in ast.walk(parsed))


def find_custom(dags: Path, dag_id: str) -> list[Path]:
    """Return the files that may define a DAG that is not made from a `meltano.yml`.

    Those that name its id, else those whose ids are computed in a way that only Airflow can tell.

    Args:
        dags: The folder, with those below it.
        dag_id: The id.
    """
    files = sorted(dags.rglob("*.py"))
    named = [each for each in files if may_define(each, dag_id)]
    return named or [each for each in files if _ANY in _ids(each)]


def may_define(file: Path, dag_id: str) -> bool:
    """Whether a file names the id of a DAG, or a pattern of it such as `f"tenants.{name}"`."""
    return any(each != _ANY and re.fullmatch(each, dag_id) for each in _ids(file))


def literal_ids(dags: Path) -> list[str]:
    """Return the ids of such DAGs, as far as the files name them."""
    found = (each for file in sorted(dags.rglob("*.py")) for each in _ids(file))
    return [re.sub(r"\\(.)", r"\1", each) for each in found if _ANY not in each]


def _ids(file: Path) -> Iterator[str]:
    """Yield a pattern for each id of a DAG in a file; none for a file without a DAG."""
    parsed = _parse(file)
    if parsed is None:
        return
    nodes = list(ast.walk(parsed))
    if any(_called(node) == CALL for node in nodes):
        return
    found = [each for node in nodes if (each := _id_in(node)) is not None]
    # As Airflow's safe mode has it: a file without that word has no DAG. One may call a function
    # that makes it.
    text = file.read_text(encoding="utf-8").lower()
    yield from found or ([_ANY] if "dag" in text and "airflow" in text else [])


def _id_in(node: ast.AST) -> str | None:
    if isinstance(node, ast.FunctionDef):
        decorators = [each for each in node.decorator_list if _name(each) in _DAG]
        return re.escape(node.name) if decorators else None
    if not isinstance(node, ast.Call) or _called(node) not in _DAG:
        return None
    named = [each.value for each in node.keywords if each.arg == "dag_id"]
    given = next(iter([*named, *node.args]), None)
    # Without one it is a decorator, of a function whose name is the id.
    return None if given is None else _pattern(given)


def _pattern(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return re.escape(str(node.value))
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_pattern, node.values))
    return _ANY


def _called(node: ast.AST) -> str | None:
    return _name(node.func) if isinstance(node, ast.Call) else None


def _name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Call):
        # `@dag(schedule=None)` without an id.
        has_id = node.args or any(each.arg == "dag_id" for each in node.keywords)
        return None if has_id else _name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _parse(file: Path) -> ast.Module | None:
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None  # Airflow reports it
