"""Finds what an Airflow template reads: its rendered value must not contain a secret.

Airflow renders templates before a task runs, stores the values and shows them in its UI, and they
are part of the pod's manifest. https://airflow.apache.org/docs/apache-airflow/stable/templates-ref.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from meltano_runner.contract.secret_rule import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import nodes

_MARKS = ("{{", "{%", "{#")
_CONNECTIONS, _VARIABLES = "conn", "var"
# They give access to the whole context, by names that are computed.
_CONTEXT = frozenset({"get_template_context", "get_current_context", "render_template", "self"})


class TemplateRead(NamedTuple):
    """Something that a template reads.

    Attributes:
        what: Its description, as the object of "reads".
        always: Whether it is always a secret, whatever its name.
        source: What to write under `airflow_env` instead; empty if unknown.
    """

    what: str
    always: bool
    source: str


class BadTemplateError(ValueError):
    """A template that cannot be parsed; the message has Jinja's reason only."""


def is_template(value: object) -> bool:
    """Whether Airflow would render a value."""
    return isinstance(value, str) and any(mark in value for mark in _MARKS)


@lru_cache(maxsize=1024)
def find_secret_read(text: str) -> TemplateRead | None:
    """Return what a template reads that is, or may be, a secret; None if it reads no secret.

    Raises:
        BadTemplateError: It is not a valid template.
    """
    if not is_template(text):
        return None
    # Few projects have templates, and each parse of a DAG file is a new process.
    from jinja2 import Environment, TemplateSyntaxError  # noqa: PLC0415
    from jinja2 import nodes as ast  # noqa: PLC0415

    try:
        tree = Environment(extensions=["jinja2.ext.do"]).parse(text)  # noqa: S701 - never rendered
    except TemplateSyntaxError as error:
        raise BadTemplateError(error.message) from None
    found = [read for chain in _iterate_chains(tree) if (read := _classify(chain)) is not None]
    found += [
        TemplateRead(f"`{name.name}`", always=True, source="")
        for name in tree.find_all(ast.Name)
        # `conn` without attributes, such as the argument of a filter, is not a chain.
        if name.ctx == "load" and name.name in (_CONNECTIONS, *_CONTEXT)
    ]
    return max(found, key=lambda read: (read.always, bool(read.source)), default=None)


def _classify(chain: tuple[str | None, ...]) -> TemplateRead | None:
    root, *rest = chain
    if any(part in _CONTEXT for part in rest):
        return TemplateRead("Airflow's whole context", always=True, source="")
    if root == _CONNECTIONS:
        return _describe_connection([part for part in rest if part is not None])
    if root == _VARIABLES:
        return _describe_variable(rest)
    named = next((part for part in rest if part is not None and is_secret_name(part)), None)
    return None if named is None else TemplateRead(f"`{named}`", always=False, source="")


_FIELDS = {"get_uri": "uri", "get_password": "password"}


def _describe_connection(path: list[str]) -> TemplateRead:
    path = [part for part in path if part != "get"]
    if not path:
        return TemplateRead("a connection", always=True, source="")
    conn_id, *rest = path
    field = ".".join(["extra", *rest[1:]]) if rest[:1] == ["extra_dejson"] else "".join(rest[:1])
    field = _FIELDS.get(field, field)
    more = f", field: {field}" if field and field != "uri" else ""
    return TemplateRead(
        f"the connection `{conn_id}`", always=True, source=f"{{connection: {conn_id}{more}}}"
    )


def _describe_variable(path: list[str | None]) -> TemplateRead:
    kind, *rest = path or [None]
    if kind not in ("value", "json") or not rest:
        return TemplateRead("Airflow variables", always=False, source="")
    if rest[0] == "get":
        rest = rest[1:]
    if not rest or rest[0] is None:
        return TemplateRead("an Airflow variable", always=False, source="")
    key = ".".join(part for part in rest[1:] if part is not None)
    more = f", key: {key}" if kind == "json" and key else ""
    return TemplateRead(
        f"the Airflow variable `{rest[0]}`",
        always=False,
        source=f"{{variable: {rest[0]}{more}}}",
    )


def _iterate_chains(tree: nodes.Template) -> Iterator[tuple[str | None, ...]]:
    """Yield each chain of attributes, such as `var.value.x`; None stands for a computed part."""
    from jinja2 import nodes as ast  # noqa: PLC0415

    nested: set[int] = set()
    for node in tree.find_all((ast.Getattr, ast.Getitem, ast.Call, ast.Filter, ast.Name)):
        if id(node) in nested:
            continue
        parts: list[str | None] = []
        each: nodes.Node | None = node
        while each is not None and not isinstance(each, ast.Name):
            nested.add(id(each))
            each, part = _split_last(each)
            parts += part
        if isinstance(each, ast.Name) and each.ctx == "load":
            nested.add(id(each))
            yield (each.name, *reversed(parts))


def _split_last(node: nodes.Node) -> tuple[nodes.Node | None, list[str | None]]:
    """Return the object of an attribute access, and the attribute; None if it is computed."""
    from jinja2 import nodes as ast  # noqa: PLC0415

    if isinstance(node, ast.Getattr):
        return node.node, [node.attr]
    if isinstance(node, ast.Getitem):
        return node.node, [_get_constant(node.arg)]
    if isinstance(node, ast.Call):
        # `var.value.get("x", "default")`: the first argument is the key.
        return node.node, [_get_constant(node.args[0])] if node.args else []
    if isinstance(node, ast.Filter):
        by_name = node.name == "attr" and node.args
        return node.node, [_get_constant(node.args[0])] if by_name else []
    return None, []


def _get_constant(node: nodes.Node) -> str | None:
    value = getattr(node, "value", None)
    return value if isinstance(value, str) else None
