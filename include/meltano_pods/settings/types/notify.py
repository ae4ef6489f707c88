"""The setting `notify`: the recipients of notifications, and the events they are sent for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import BeforeValidator, WithJsonSchema

from meltano_pods.names import list_names, suggest
from meltano_pods.settings.types.errors import build_nested_error

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS = ("failure", "recovery", "retry")
USUAL_EVENTS = ("failure", "recovery")
_EVENTS = "events"

_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
_CONNECTION = re.compile(r"[\w.-]{1,250}", re.ASCII)


def check_notify(value: object) -> dict[str, tuple[str, ...] | None]:
    """Accept `{email: [a@example.com], slack: slack_data}`; single values become lists.

    Raises:
        ValueError: A key or value that is not allowed. The message shows only addresses and events:
            instead of a connection's id, users may paste a URL that holds a secret.
    """
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - pydantic expects it
            "takes a map, such as {slack: slack_data}, where slack_data is the id of an Airflow "
            "connection"
        )
    return {str(key): _check_channel(str(key), each) for key, each in value.items()}


def _check_channel(key: str, value: object) -> tuple[str, ...] | None:
    if key != _EVENTS and key not in CHANNELS:
        keys = [*CHANNELS, _EVENTS]
        raise build_nested_error(
            key,
            f"unknown key `{key}`; expected one of: {list_names(keys)}",
            f"{suggest(key, keys)}Rename or remove it.",
        )
    takes, check = ("an event", _check_event) if key == _EVENTS else CHANNELS[key][:2]
    if value is None:
        return None
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise build_nested_error(key, f"`{key}` takes {takes}, or a list of these")
    for item in items:
        check(key, item)
    return tuple(dict.fromkeys(items))


def _check_address(key: str, item: str) -> None:
    if not _ADDRESS.fullmatch(item):
        raise build_nested_error(key, f"{item!r} is not an email address, such as team@example.com")


def _check_connection(key: str, item: str) -> None:
    if not _CONNECTION.fullmatch(item):
        raise build_nested_error(
            key,
            f"`{key}` takes the id of an Airflow connection: letters, digits, `_`, `-` and `.`",
            "Put the URL or token into an Airflow connection, and write that connection's id here.",
        )


def _check_event(key: str, item: str) -> None:
    if item not in EVENTS:
        raise build_nested_error(
            key,
            f"unknown event {item!r}; expected one of: {list_names(EVENTS)}",
            f"{suggest(item, EVENTS)}Write some of these.",
        )


class Channel(NamedTuple):
    """A way to send notifications, whose module is in `notify/channels/`.

    Attributes:
        takes: What its recipients are, for messages.
        check: Rejects a recipient; called with the channel and the recipient.
        provider: Airflow's provider that sends them: `apache-airflow-providers-...`.
        notifier: File of the provider's notifier, below the provider's folder.
        is_shared: Whether one message goes to all recipients; else each gets its own.
    """

    takes: str
    check: Callable[[str, str], None]
    provider: str
    notifier: str
    is_shared: bool = False


_CONNECTION_ID = "the id of an Airflow connection"
CHANNELS = {
    "email": Channel(
        "an email address", _check_address, "smtp", "notifications/smtp.py", is_shared=True
    ),
    "slack": Channel(_CONNECTION_ID, _check_connection, "slack", "notifications/slack_webhook.py"),
    "webhook": Channel(_CONNECTION_ID, _check_connection, "http", "notifications/http.py"),
}
"""By the key in `notify`, which is also the name of the channel's module."""


def describe_channels() -> str:
    """Return the keys of `notify` and what each takes, for the reference."""
    return ", ".join(f"`{key}` ({channel.takes})" for key, channel in CHANNELS.items())


_TEXTS: dict[str, Any] = {
    "anyOf": [
        {"type": ["string", "null"]},
        {"type": "array", "items": {"type": "string"}},
    ]
}
Notify = Annotated[
    dict[str, tuple[str, ...] | None],
    BeforeValidator(check_notify),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                **dict.fromkeys(CHANNELS, _TEXTS),
                _EVENTS: {
                    "anyOf": [
                        {"enum": [*EVENTS, None]},
                        {"type": "array", "items": {"enum": list(EVENTS)}},
                    ]
                },
            },
            "additionalProperties": False,
        }
    ),
]
