"""Names of Kubernetes objects, images and pod templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_IMAGE = re.compile(r"[\w][\w./:@-]*", re.ASCII)
_TEMPLATE = re.compile(r"[\w.-]+\.ya?ml", re.ASCII)


def make_name_validator(what: str) -> Callable[[object], object]:
    """Return a validator of the name of a Kubernetes object of the kind `what`."""

    def check(value: object) -> object:
        if value is not None and not (isinstance(value, str) and _NAME.fullmatch(value)):
            raise ValueError(
                f"takes the name of a Kubernetes {what}: lower-case letters, digits, - and . only"
            )
        return value

    return check


def check_secret_key(value: object) -> object:
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
    """Accept the name of a file, not a path: all templates are in one folder."""
    if value is not None and not (isinstance(value, str) and _TEMPLATE.fullmatch(value)):
        raise ValueError("takes the name of a file such as default.yaml, without a folder")
    return value


_NAMED = WithJsonSchema({"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"})
Namespace = Annotated[
    str, BeforeValidator(make_name_validator("namespace")), _NAMED, Field(max_length=63)
]
ServiceAccount = Annotated[str, BeforeValidator(make_name_validator("service account")), _NAMED]
QueueName = Annotated[
    str, BeforeValidator(make_name_validator("queue")), _NAMED, Field(max_length=63)
]
SecretName = Annotated[str, BeforeValidator(make_name_validator("Secret")), _NAMED]
SecretKey = Annotated[str, BeforeValidator(check_secret_key)]
Image = Annotated[
    str,
    BeforeValidator(check_image),
    WithJsonSchema({"type": "string", "examples": ["registry/name@sha256:..."]}),
]
PodTemplate = Annotated[
    str,
    BeforeValidator(check_template),
    WithJsonSchema({"type": "string", "pattern": r"^[\w.-]+\.ya?ml$"}),
]
