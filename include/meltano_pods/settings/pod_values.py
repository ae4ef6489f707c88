"""Readings of the settings of pods: names, resources, the override.

Each raises a ValueError that says what is allowed; `check` adds file, line and the rest.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from meltano_pods.names import suggestion
from meltano_pods.settings.override import override_problems, worker_override_problems
from meltano_pods.settings.quantity import nearest_quantity, parse_quantity
from meltano_pods.settings.run_variables import refuse_run_variable
from meltano_pods.settings.values import check_name, inner_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from meltano_pods.settings.podfields import Problem

PARTS = ("requests", "limits")
_EXAMPLES = {"cpu": "250m", "memory": "512Mi", "ephemeral-storage": "1Gi"}
_RESOURCES = tuple(_EXAMPLES)
_BYTES = ("memory", "ephemeral-storage")
_FEWEST_BYTES = 2**20
_SECRET_KEY = ("secret", "key")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_IMAGE = re.compile(r"[\w][\w./:@-]*", re.ASCII)
_TEMPLATE = re.compile(r"[\w.-]+\.ya?ml", re.ASCII)


def kubernetes_name(what: str) -> Callable[[object], object]:
    """Accept the name of a Kubernetes object; `what` says of which kind."""

    def check(value: object) -> object:
        if value is not None and not (isinstance(value, str) and _NAME.fullmatch(value)):
            raise ValueError(
                f"takes the name of a Kubernetes {what}: lower-case letters, digits, - and . only"
            )
        return value

    return check


def secret_key(value: object) -> object:
    """Accept a key of a Secret."""
    if value is not None and not (isinstance(value, str) and _KEY.fullmatch(value)):
        raise ValueError("takes a key of a Secret: letters, digits, `.`, `-` and `_` only")
    return value


def check_image(value: object) -> object:
    """Accept an image reference."""
    if value is not None and not (isinstance(value, str) and _IMAGE.fullmatch(value)):
        raise ValueError("takes an image: registry/name:tag or registry/name@sha256:digest")
    return value


def check_template(value: object) -> object:
    """Accept the name of a file, not a path: templates live in one folder."""
    if value is not None and not (isinstance(value, str) and _TEMPLATE.fullmatch(value)):
        raise ValueError("takes the name of a file such as default.yaml, without a folder")
    return value


def check_resources(value: object) -> object:
    """Accept `{requests: {cpu: 250m}, limits: {memory: 1Gi}}`; numbers become strings."""
    if not isinstance(value, dict):
        raise ValueError("takes a map: {requests: {cpu: 250m}}")  # noqa: TRY004
    checked: dict[str, dict[str, str]] = {}
    for part, entries in value.items():
        if part not in PARTS:
            raise inner_error(
                str(part),
                f"`{part}` is neither `requests` nor `limits`",
                f"Write it as `requests: {{{part}: {_EXAMPLES[part]}}}`, or so under `limits`."
                if part in _RESOURCES
                else f"{suggestion(str(part), PARTS)}Rename or remove it.",
            )
        if not isinstance(entries, dict):
            raise inner_error(str(part), f"`{part}` takes a map: {{memory: 512Mi}}")
        checked[part] = {name: _quantity(part, name, each) for name, each in entries.items()}
    if (above := request_above_limit(checked)) is not None:
        raise inner_error(f"requests.{above}", f"the request of {above} is above its limit")
    return checked


def request_above_limit(resources: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return the first resource that asks for more than its limit, which Kubernetes refuses."""
    limits = resources.get("limits", {})
    for name, request in resources.get("requests", {}).items():
        if name in limits and parse_quantity(request) > parse_quantity(limits[name]):
            return name
    return None


def check_override(value: object) -> object:
    """Accept a part of the template of a run's pod."""
    return _part_of_pod(value, override_problems)


def check_worker_override(value: object) -> object:
    """Accept a part of the template of a worker's pod."""
    return _part_of_pod(value, worker_override_problems)


def _part_of_pod(value: object, problems: Callable[[object], Iterator[Problem]]) -> object:
    if not isinstance(value, dict):
        raise ValueError("takes a map: {spec: {nodeSelector: ...}}")  # noqa: TRY004
    for problem in problems(value):
        raise inner_error(".".join(problem.path), problem.what, problem.fix)
    return value


def check_secret_env(value: object) -> object:
    """Accept a map of variables to keys of Secrets; nothing (YAML's null) is an empty map."""
    if not isinstance(value, dict):
        raise ValueError("takes a map: {TAP_SHOP_TOKEN: {key: SHOP_TOKEN}}")  # noqa: TRY004
    checked = {}
    for name, each in value.items():
        try:
            check_name(name)
            refuse_run_variable(name)
        except ValueError as error:
            raise inner_error(str(name), str(error)) from None
        if not isinstance(each, dict | None):
            # Whoever writes a bare string may mean the value itself: it is not repeated.
            kind = type(each).__name__
            raise inner_error(name, f"{name} takes a map with `secret` and `key`, found {kind}")
        for key in each or {}:
            if key not in _SECRET_KEY:
                raise inner_error(
                    f"{name}.{key}",
                    f"`{key}` is neither `secret` nor `key`",
                    f"{suggestion(str(key), _SECRET_KEY)}Rename or remove it.",
                )
        checked[name] = each or {}
    return checked


def _quantity(part: str, name: Any, value: object) -> str:  # noqa: ANN401 - YAML's keys
    if name not in _RESOURCES and "/" not in str(name):
        raise inner_error(
            f"{part}.{name}",
            f"`{name}` is no resource; allowed are: {', '.join(_RESOURCES)}, or one with a domain "
            "such as nvidia.com/gpu",
            f"{suggestion(str(name), _RESOURCES)}Rename or remove it.",
        )
    try:
        number = parse_quantity(value)
    except ValueError as error:
        near = nearest_quantity(value) if name in _BYTES else None
        raise inner_error(
            f"{part}.{name}",
            str(error),
            f"Did you mean `{near}`? Write it as `{name}: {near}`."
            if near
            else f"Write a valid value, such as `{name}: {_EXAMPLES.get(name, '1')}`.",
        ) from None
    if name in _BYTES and 0 < number < _FEWEST_BYTES:
        digits = "".join(itertools.takewhile(str.isdigit, str(value)))
        raise inner_error(
            f"{part}.{name}",
            f"`{name}` is {value!r}, which is {number.normalize():f} bytes; nothing runs in that",
            f"Did you mean `{digits}Mi`?" if digits else "Write it as 512Mi or 1.5Gi.",
        )
    return str(value)
