"""Notifications by email, with the connection of Airflow's own emails.

The provider's `notify` is called, not the notifier itself, which would render the texts as Jinja
templates. They contain errors of taps and targets, which may contain anything.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from meltano_pods.notify.text import format_title, list_facts

if TYPE_CHECKING:
    from airflow.sdk import Context

    from meltano_pods.notify.notification import Notification
    from meltano_pods.notify.recipients import Recipient


def send(recipient: Recipient, notification: Notification, context: Context) -> None:
    """Send one mail to all addresses of the recipient."""
    SmtpNotifier(
        to=list(recipient.to),
        subject=format_title(notification),
        html_content=format_html(notification),
    ).notify(context)


def format_html(notification: Notification) -> str:
    """Return the mail's body; everything in it is escaped."""
    rows = "".join(
        f"<tr><td><b>{escape(label)}</b></td><td>{escape(value)}</td></tr>"
        for label, value in list_facts(notification)
    )
    parts = [
        f"<h3>{escape(format_title(notification))}</h3>",
        f"<p>{escape(notification.summary)}</p>",
    ]
    if notification.error is not None:
        parts.append(f"<pre>{escape(notification.error)}</pre>")
    if notification.hint is not None:
        parts.append(f"<p><b>What to do:</b> {escape(notification.hint)}</p>")
    parts.append(f"<table>{rows}</table>")
    if notification.look:
        parts.append(f"<pre>{escape(chr(10).join(notification.look))}</pre>")
    if notification.log_url is not None:
        parts.append(f'<p><a href="{escape(notification.log_url)}">Log of the task</a></p>')
    return "\n".join(parts)
