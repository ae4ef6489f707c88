"""What a template of Airflow's reads: a value that it shows must not come from a secret.

Airflow renders templates before a task runs, shows the outcome in its UI and stores it, and the
value stands in the pod's manifest. https://airflow.apache.org/docs/apache-airflow/stable/templates-ref.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from meltano_runner.contract import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import nodes

_MARKS = ("{{", "{%", "{#")
_CONNECTIONS, _VARIABLES = "conn", "var"
# They lead to all that a template may read, by names that are not known before.
_CONTEXT = frozenset({"get_template_context", "get_current_context", "render_template", "self"})


class Read(NamedTuple):
    """Something that a template reads.

    Attributes:
        what: In words, to follow "reads".
        always: Whether that is a secret whatever its name.
        source: What to write under `airflow_env` instead; empty where that is not known.
    """

    what: str
    always: bool
    source: str


class BadTemplateError(ValueError):
    """A template that cannot be parsed; the text has Jinja's reason and nothing of the template."""


def is_template(value: object) -> bool:
    """Whether Airflow would render a value."""
    return isinstance(value, str) and any(mark in value for mark in _MARKS)


@lru_cache(maxsize=1024)
def secret_read(text: str) -> Read | None:
    """Return what a template reads that is, or may be, a secret; None for nothing of the kind.

    Raises:
        BadTemplateError: It is no template.
    """
    if not is_template(text):
        return None
    # Few projects have templates, and every parse of a DAG file is a process of its own.
    from jinja2 import Environment, TemplateSyntaxError  # noqa: PLC0415
    from jinja2 import nodes as ast  # noqa: PLC0415

    try:
        tree = Environment(extensions=["jinja2.ext.do"]).parse(text)  # noqa: S701 - never rendered
    except TemplateSyntaxError as error:
        raise BadTemplateError(error.message) from None
    found = [read for chain in _chains(tree) if (read := _judge(chain)) is not None]
    found += [
        Read(f"`{name.name}`", always=True, source="")
        for name in tree.find_all(ast.Name)
        # `conn` that is handed on, such as to a filter, is none of the chains.
        if name.ctx == "load" and name.name in (_CONNECTIONS, *_CONTEXT)
    ]
    return max(found, key=lambda read: (read.always, bool(read.source)), default=None)


def _judge(chain: tuple[str | None, ...]) -> Read | None:
    root, *rest = chain
    if any(part in _CONTEXT for part in rest):
        return Read("Airflow's whole context", always=True, source="")
    if root == _CONNECTIONS:
        return _of_connection([part for part in rest if part is not None])
    if root == _VARIABLES:
        return _of_variable(rest)
    named = next((part for part in rest if part is not None and is_secret_name(part)), None)
    return None if named is None else Read(f"`{named}`", always=False, source="")


_FIELDS = {"get_uri": "uri", "get_password": "password"}


def _of_connection(path: list[str]) -> Read:
    path = [part for part in path if part != "get"]
    if not path:
        return Read("a connection", always=True, source="")
    conn_id, *rest = path
    field = ".".join(["extra", *rest[1:]]) if rest[:1] == ["extra_dejson"] else "".join(rest[:1])
    field = _FIELDS.get(field, field)
    more = f", field: {field}" if field and field != "uri" else ""
    return Read(
        f"the connection `{conn_id}`", always=True, source=f"{{connection: {conn_id}{more}}}"
    )


def _of_variable(path: list[str | None]) -> Read:
    kind, *rest = path or [None]
    if kind not in ("value", "json") or not rest:
        return Read("Airflow variables", always=False, source="")
    if rest[0] == "get":
        rest = rest[1:]
    if not rest or rest[0] is None:
        return Read("an Airflow variable", always=False, source="")
    key = ".".join(part for part in rest[1:] if part is not None)
    more = f", key: {key}" if kind == "json" and key else ""
    return Read(
        f"the Airflow variable `{rest[0]}`",
        always=False,
        source=f"{{variable: {rest[0]}{more}}}",
    )


def _chains(tree: nodes.Template) -> Iterator[tuple[str | None, ...]]:
    """Yield each path from a name on, such as `var.value.x`; None for a part that is computed."""
    from jinja2 import nodes as ast  # noqa: PLC0415

    inner: set[int] = set()
    for node in tree.find_all((ast.Getattr, ast.Getitem, ast.Call, ast.Filter, ast.Name)):
        if id(node) in inner:
            continue
        parts: list[str | None] = []
        each: nodes.Node | None = node
        while each is not None and not isinstance(each, ast.Name):
            inner.add(id(each))
            each, part = _step(each)
            parts += part
        if isinstance(each, ast.Name) and each.ctx == "load":
            inner.add(id(each))
            yield (each.name, *reversed(parts))


def _step(node: nodes.Node) -> tuple[nodes.Node | None, list[str | None]]:
    """Return what a part of a path is a part of, and the part, its last word first."""
    from jinja2 import nodes as ast  # noqa: PLC0415

    if isinstance(node, ast.Getattr):
        return node.node, [node.attr]
    if isinstance(node, ast.Getitem):
        return node.node, [_constant(node.arg)]
    if isinstance(node, ast.Call):
        # `var.value.get("x", "default")`: the first argument is what is read.
        return node.node, [_constant(node.args[0])] if node.args else []
    if isinstance(node, ast.Filter):
        by_name = node.name == "attr" and node.args
        return node.node, [_constant(node.args[0])] if by_name else []
    return None, []


def _constant(node: nodes.Node) -> str | None:
    value = getattr(node, "value", None)
    return value if isinstance(value, str) else None
