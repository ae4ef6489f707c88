"""Where notifications arrive in tests: a mail server and a web server."""

from __future__ import annotations

import email
import email.policy
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.controller import Controller

from tests.support.ports import free_port

if TYPE_CHECKING:
    from email.message import EmailMessage

    from aiosmtpd.smtp import SMTP, Envelope, Session

TOKEN = "Bearer of-the-web-service"
SENDER, READER = "airflow@example.org", "data-team@example.org"


@dataclass
class Inbox:
    """What arrived, in order.

    Attributes:
        host: The address at which they listen.
        mails: E-mails.
        posts: Path and JSON body of HTTP requests.
    """

    host: str = "127.0.0.1"
    mails: list[EmailMessage] = field(default_factory=list)
    posts: list[tuple[str, Any]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._smtp = Controller(_Mails(self.mails), hostname=self.host, port=free_port(self.host))
        self._smtp.start()
        self._http = ThreadingHTTPServer((self.host, 0), _handler(self.posts))
        self._thread = threading.Thread(target=self._http.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._smtp.stop()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)

    def connections(self) -> dict[str, str]:
        """Return Airflow's connections to here, as environment variables."""
        web = f"http://{self.host}:{self._http.server_address[1]}"
        return {
            "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(
                {
                    "conn_type": "smtp",
                    "host": self.host,
                    "port": self._smtp.port,
                    "extra": {"from_email": SENDER, "disable_ssl": True, "disable_tls": True},
                }
            ),
            "AIRFLOW_CONN_SLACK_DATA": json.dumps(
                {"conn_type": "slackwebhook", "host": web, "password": "/slack/T1/B1/token"}
            ),
            "AIRFLOW_CONN_NOTIFICATIONS": json.dumps(
                {
                    "conn_type": "http",
                    "host": f"{web}/notifications",
                    "extra": {"Authorization": TOKEN},
                }
            ),
        }

    def mails_about(self, dag_id: str) -> list[EmailMessage]:
        """Return the mails about a DAG."""
        return [mail for mail in self.mails if dag_id in mail["Subject"]]

    def notifications_about(self, dag_id: str) -> list[Any]:
        """Return the webhook's notifications of a DAG."""
        notifications = [body for path, body in self.posts if path == "/notifications"]
        return [notification for notification in notifications if notification["dag_id"] == dag_id]

    def slack_about(self, dag_id: str) -> list[Any]:
        """Return the messages in Slack about a DAG."""
        messages = [body for path, body in self.posts if path == "/slack/T1/B1/token"]
        return [message for message in messages if dag_id in message["text"]]


class _Mails:
    def __init__(self, mails: list[EmailMessage]) -> None:
        self._mails = mails

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002 - aiosmtpd's names
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=email.policy.default)
        self._mails.append(mail)
        return "250 OK"


def _handler(posts: list[tuple[str, Any]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            allowed = self.path != "/notifications" or self.headers["Authorization"] == TOKEN
            if allowed:
                posts.append((self.path, body))
            self.send_response(200 if allowed else 401)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    return Handler
