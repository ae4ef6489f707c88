"""Finds the files of Airflow's DAG folder that may define a DAG, without Airflow."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALL = "airflow_dags"
"""The function that the DAG file of a project calls."""
_ANY = ".*"
_DAG = ("DAG", "dag")


def calls_airflow_dags(file: Path) -> bool:
    """Whether a DAG file calls `airflow_dags`, as that of a project does."""
    parsed = _parse(file)
    return parsed is not None and any(_get_called_name(node) == CALL for node in ast.walk(parsed))


def find_custom_dag_files(dags: Path, dag_id: str) -> list[Path]:
    """Return the files that may define a DAG that does not come from a `meltano.yml`.

    These are the files that contain its id, or else those that compute ids.

    Args:
        dags: The folder, which is searched with its subfolders.
        dag_id: The DAG's id.
    """
    files = sorted(dags.rglob("*.py"))
    named = [each for each in files if may_define_dag(each, dag_id)]
    return named or [each for each in files if _ANY in _find_ids(each)]


def may_define_dag(file: Path, dag_id: str) -> bool:
    """Whether a file contains the id of a DAG, or an f-string that can yield it."""
    return any(each != _ANY and re.fullmatch(each, dag_id) for each in _find_ids(file))


def list_literal_ids(dags: Path) -> list[str]:
    """Return the ids of custom DAGs that are written as literals."""
    found = (each for file in sorted(dags.rglob("*.py")) for each in _find_ids(file))
    return [re.sub(r"\\(.)", r"\1", each) for each in found if _ANY not in each]


def _find_ids(file: Path) -> Iterator[str]:
    """Yield a pattern for each DAG id in a file."""
    parsed = _parse(file)
    if parsed is None:
        return
    nodes = list(ast.walk(parsed))
    if any(_get_called_name(node) == CALL for node in nodes):
        return
    found = [each for node in nodes if (each := _find_id(node)) is not None]
    # As in Airflow's safe mode, a file without these words has no DAG. With them, it may call a
    # function that creates one.
    text = file.read_text(encoding="utf-8").lower()
    yield from found or ([_ANY] if "dag" in text and "airflow" in text else [])


def _find_id(node: ast.AST) -> str | None:
    if isinstance(node, ast.FunctionDef):
        decorators = [each for each in node.decorator_list if _get_name(each) in _DAG]
        return re.escape(node.name) if decorators else None
    if not isinstance(node, ast.Call) or _get_called_name(node) not in _DAG:
        return None
    named = [each.value for each in node.keywords if each.arg == "dag_id"]
    dag_id = next(iter([*named, *node.args]), None)
    # Without an id it is a decorator of a function, whose name is the id.
    return None if dag_id is None else _build_pattern(dag_id)


def _build_pattern(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return re.escape(str(node.value))
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_build_pattern, node.values))
    return _ANY


def _get_called_name(node: ast.AST) -> str | None:
    return _get_name(node.func) if isinstance(node, ast.Call) else None


def _get_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Call):
        # `@dag(schedule=None)` without an id.
        has_id = node.args or any(each.arg == "dag_id" for each in node.keywords)
        return None if has_id else _get_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _parse(file: Path) -> ast.Module | None:
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None  # Airflow reports it
