from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from meltano_pods.notify.build import build_failure_notification, build_recovery_notification
from meltano_pods.notify.channels import email, slack, webhook
from meltano_pods.notify.notification import Incident
from meltano_pods.notify.recipients import Recipient
from meltano_pods.notify.text import format_title, list_facts

from tests.support.notifications import DAG, TRY, failed

NOTIFICATION = build_failure_notification("failure", TRY, failed(), str)
INCIDENT = Incident("2026-01-01T06:00:00+00:00", 2, "x")


def test_titles() -> None:
    assert format_title(NOTIFICATION) == "Failed: shop.daily (target_failed)"
    assert format_title(replace(NOTIFICATION, event="retry")).startswith(
        "Failed, will be retried: shop"
    )
    assert (
        format_title(build_recovery_notification(TRY, None, INCIDENT, str))
        == "Recovered: shop.daily"
    )


def test_facts() -> None:
    assert dict(list_facts(NOTIFICATION)) == {
        "Run": "manual__2026-01-02",
        "Task": "tap-csv-to-target-jsonl (try 3 of 3)",
        "Plugin": "target-jsonl",
        "Kubernetes": "Error: container meltano, exit code 1",
        "Records": (
            "1,200 extracted, 1,103 loaded in 4.1 s: "
            "orders 1,200 extracted, 1,100 loaded (up to 2026-01-02); "
            "small extracted: unknown, 3 loaded; 2 more streams"
        ),
        "Pod": "meltano/shop-a",
    }
    recovery = dict(list_facts(build_recovery_notification(TRY, None, INCIDENT, str)))
    assert recovery["Failed since"] == INCIDENT.since
    assert "Records" not in recovery


def test_records_that_nobody_counted() -> None:
    streams = ({"stream": "orders", "extracted": None, "loaded": None, "bookmark": None},)
    notification = replace(
        NOTIFICATION, extracted=None, loaded=None, seconds=None, streams=streams, streams_omitted=0
    )
    assert dict(list_facts(notification))["Records"] == "not counted: orders not counted"


def test_mail_is_escaped() -> None:
    text = email.format_html(replace(NOTIFICATION, error="<script>&"))
    assert "<pre>&lt;script&gt;&amp;</pre>" in text
    assert f'<a href="{TRY.log_url}">' in text
    assert "kubectl --namespace meltano describe pod shop-a" in text


def test_slack_cannot_be_made_to_mention_or_to_break_out() -> None:
    blocks = slack.build_blocks(replace(NOTIFICATION, error="<!channel> ``` & more"))
    text = [block["text"]["text"] for block in blocks]
    assert "```&lt;!channel&gt; ''' &amp; more```" in text
    assert text[0] == "Failed: shop.daily (target_failed)"


def test_slack_keeps_to_its_limits() -> None:
    notification = replace(NOTIFICATION, dag_id="d" * 250, error="&" * 1500, hint="h" * 4000)
    for block in slack.build_blocks(notification):
        limit = 150 if block["type"] == "header" else 3000
        assert len(block["text"]["text"]) <= limit


# Airflow's notifiers read their texts as templates before they send them; errors of taps and
# targets must not be read so.
@pytest.mark.parametrize(
    ("way", "name"),
    [
        (email, "SmtpNotifier"),
        (slack, "SlackWebhookNotifier"),
        (webhook, "HttpNotifier"),
    ],
)
def test_texts_are_not_templates(way: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(getattr(way, name), "notify", lambda self, _: sent.append(self))
    recipient = Recipient(name, ("a@example.org",))
    way.send(recipient, NOTIFICATION, {"dag": None, "conn": "never"})
    assert "{{ conn.smtp_default.password }}" in str(vars(sent[0]))


def test_what_the_providers_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    ways: list[tuple[Any, str]] = [
        (slack, "SlackWebhookNotifier"),
        (webhook, "HttpNotifier"),
    ]
    for way, name in ways:
        monkeypatch.setattr(getattr(way, name), "notify", lambda self, _: sent.append(self))
        way.send(Recipient("x", ("data",)), NOTIFICATION, {})
    first, http = sent
    assert first.slack_webhook_conn_id == http.http_conn_id == "data"
    assert first.timeout == http.extra_options["timeout"] == 5
    assert http.json["dag_id"] == DAG
