"""The setting `assets`: whether runs emit asset events, and for which URIs."""

from __future__ import annotations

import re
from string import Formatter
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, WithJsonSchema

from meltano_pods.names import list_names, suggest
from meltano_pods.settings.types.errors import build_nested_error

PLACEHOLDERS = ("project", "environment", "extractor", "loader", "stream", "table")
DEFAULT_URI = "x-meltano://{project}/{environment}/{loader}/{stream}"
"""URI of a stream's asset. Schemes that begin with `x-` are reserved for users: Airflow
and its providers do not interpret them.
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/assets.html
"""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


def check_assets(value: object) -> bool | dict[str, str]:
    """Accept true, false or `{uri: postgres://host:5432/db/schema/{table}}`.

    Raises:
        ValueError: Anything else. The message does not show a URI, which may hold a password.
    """
    if isinstance(value, bool):
        return value
    if not isinstance(value, dict):
        raise ValueError("takes true, false or a map: {uri: s3://bucket/{stream}}")  # noqa: TRY004
    for key in value:
        if key != "uri":
            raise build_nested_error(
                str(key),
                f"unknown key `{key}`; expected: uri",
                f"{suggest(str(key), ['uri'])}Rename or remove it.",
            )
    if not isinstance(uri := value.get("uri"), str):
        raise build_nested_error("uri", "`uri` takes a string such as s3://bucket/{stream}")
    _check_uri(uri)
    return {"uri": uri}


def get_uri_pattern(assets: bool | dict[str, str]) -> str | None:
    """Return the pattern of the URIs of streams; None if there are no assets."""
    if isinstance(assets, dict):
        return assets["uri"]
    return DEFAULT_URI if assets else None


def _check_uri(uri: str) -> None:
    try:
        names = [name for _, name, _, _ in Formatter().parse(uri) if name is not None]
        parts = urlsplit(uri)
    except ValueError:
        raise build_nested_error(
            "uri", "`uri` is not a valid URI, or has an unmatched brace"
        ) from None
    for name in names:
        if name not in PLACEHOLDERS:
            known = list_names(f"{{{each}}}" for each in PLACEHOLDERS)
            raise build_nested_error(
                "uri",
                f"unknown placeholder `{{{name}}}`; expected one of: {known}",
                f"{suggest(name, PLACEHOLDERS)}Rename or remove it.",
            )
    if not {"stream", "table"} & set(names):
        raise build_nested_error(
            "uri",
            "`uri` names neither {stream} nor {table}, so all streams would be the same asset",
        )
    if not _SCHEME.fullmatch(parts.scheme) or parts.scheme == "airflow" or not parts.netloc:
        raise build_nested_error(
            "uri",
            "`uri` takes a scheme and a host or bucket, as in "
            "postgres://host:5432/db/schema/{table}; the scheme `airflow` is Airflow's own",
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise build_nested_error(
            "uri",
            "`uri` takes no user, password, query or fragment: it is visible, and Airflow removes "
            "them",
        )


Assets = Annotated[
    bool | dict[str, str],
    BeforeValidator(check_assets),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "boolean"},
                {
                    "type": "object",
                    "properties": {"uri": {"type": "string"}},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
