"""Notifications to a Slack channel, with the incoming webhook of an Airflow connection.

As with email, the provider's `notify` is called, so that no text is rendered as a template.
https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier

from meltano_pods.notify.text import format_title, list_facts

if TYPE_CHECKING:
    from airflow.sdk import Context

    from meltano_pods.notify.notification import Notification
    from meltano_pods.notify.recipients import Recipient

_TIMEOUT_SECONDS = 5
_MAX_HEADER = 150
_MAX_SECTION = 2900  # of Slack's 3,000, with room for the markup


def send(recipient: Recipient, notification: Notification, context: Context) -> None:
    """Post one message."""
    notifier = SlackWebhookNotifier(
        slack_webhook_conn_id=recipient.to[0],
        text=_escape(f"{format_title(notification)}: {notification.summary}"),
        blocks=build_blocks(notification),
        unfurl_links=False,
        timeout=_TIMEOUT_SECONDS,
    )
    notifier.notify(context)  # type: ignore[no-untyped-call]


def build_blocks(notification: Notification) -> list[dict[str, Any]]:
    """Return the message's layout."""
    header = {"type": "plain_text", "text": format_title(notification)[:_MAX_HEADER]}
    found: list[dict[str, Any]] = [{"type": "header", "text": header}]
    found.append(_build_section(_escape(notification.summary)))
    if notification.error is not None:
        found.append(_format_code(notification.error))
    if notification.hint is not None:
        found.append(_build_section(f"*What to do:* {_escape(notification.hint)}"))
    found.append(
        _build_section(
            "\n".join(f"*{label}:* {_escape(value)}" for label, value in list_facts(notification))
        )
    )
    if notification.look:
        found.append(_format_code("\n".join(notification.look)))
    if notification.log_url is not None:
        found.append(_build_section(f"<{_escape(notification.log_url)}|Log of the task>"))
    return found


def _build_section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_MAX_SECTION]}}


def _format_code(text: str) -> dict[str, Any]:
    # Three of them would end the block.
    inner = _escape(text).replace("```", "'''")[: _MAX_SECTION - 6]
    return _build_section(f"```{inner}```")


def _escape(text: str) -> str:
    """Escape what Slack reads as a link or a mention: https://docs.slack.dev/messaging/formatting-message-text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
