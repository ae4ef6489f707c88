"""Notices by e-mail, through the connection that Airflow's own e-mails use.

The provider's `notify` is called, not the notifier itself: that would read the texts as Jinja
templates first, and they hold errors of taps and targets, which may say anything.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from meltano_pods.notify.text import facts, title

if TYPE_CHECKING:
    from airflow.sdk import Context

    from meltano_pods.notify.notice import Notice
    from meltano_pods.notify.recipients import Recipient


def send(recipient: Recipient, notice: Notice, context: Context) -> None:
    """Send one mail to all addresses of the recipient."""
    SmtpNotifier(to=list(recipient.to), subject=title(notice), html_content=html(notice)).notify(
        context
    )


def html(notice: Notice) -> str:
    """Return the mail's body; everything in it is escaped."""
    rows = "".join(
        f"<tr><td><b>{escape(label)}</b></td><td>{escape(value)}</td></tr>"
        for label, value in facts(notice)
    )
    parts = [f"<h3>{escape(title(notice))}</h3>", f"<p>{escape(notice.summary)}</p>"]
    if notice.error is not None:
        parts.append(f"<pre>{escape(notice.error)}</pre>")
    if notice.hint is not None:
        parts.append(f"<p><b>What to do:</b> {escape(notice.hint)}</p>")
    parts.append(f"<table>{rows}</table>")
    if notice.look:
        parts.append(f"<pre>{escape(chr(10).join(notice.look))}</pre>")
    if notice.log_url is not None:
        parts.append(f'<p><a href="{escape(notice.log_url)}">Log of the task</a></p>')
    return "\n".join(parts)
