"""Notifications as JSON to the HTTP endpoint of an Airflow connection.

As with email, the provider's `notify` is called, so that no text is rendered as a template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.http.notifications.http import HttpNotifier

if TYPE_CHECKING:
    from airflow.sdk import Context

    from meltano_pods.notify.notification import Notification
    from meltano_pods.notify.recipients import Recipient

_TIMEOUT_SECONDS = 5


def send(recipient: Recipient, notification: Notification, context: Context) -> None:
    """Post the notification; an unsuccessful response raises an error."""
    HttpNotifier(
        http_conn_id=recipient.to[0],
        json=notification.as_dict(),
        extra_options={"timeout": _TIMEOUT_SECONDS},
    ).notify(context)
