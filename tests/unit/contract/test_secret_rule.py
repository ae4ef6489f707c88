"""One rule says what is a secret: what `env` rejects is what the runner masks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from meltano_runner.contract.secret_rule import FORMS, describe_secret, find_secrets, is_secret_name
from meltano_runner.run import secrets
from meltano_runner.run.redact import Redactor

from tests.support import secret_names

NOWHERE = Path("/nowhere")


@pytest.mark.parametrize("name", [*secret_names.SECRET, *secret_names.SECRET_VARIABLES])
def test_a_name_of_a_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", [*secret_names.PLAIN, *secret_names.PLAIN_VARIABLES])
def test_a_plain_name(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize("name", secret_names.MISSED)
def test_what_a_name_does_not_tell(name: str) -> None:
    assert not is_secret_name(name)


# Built here, because scanners of repositories would report complete ones.
TOKENS = {
    "a URL with a password": ["https://me:" + "pw12@example.com", "jdbc:pg://me:" + "a/b?c@db/x"],
    "a password in a connection string": [
        "host=db user=me password=" + "hunter22",
        "jdbc:sqlserver://db;user=me;password=" + "hunter22;encrypt=true",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + "aB3/" * 5,
        "https://a.blob.core.windows.net/c?sv=2020&sig=" + "aB3" * 9,
    ],
    "a private key": [f"-----BEGIN {kind}PRIVATE KEY-----" for kind in ("", "RSA ", "OPENSSH ")],
    "an AWS access key": ["AKIA" + "A1" * 8, "id=ASIA" + "B2" * 8],
    "a GitHub token": [f"gh{kind}_" + "aB3" * 12 for kind in "pousr"] + ["github_pat_" + "11A" * 9],
    "a GitLab token": ["glpat-" + "x-_9" * 5],
    "a Slack token": [f"xox{kind}-" + "123-" * 4 for kind in "bp"] + ["xapp-" + "1-A02-" * 4],
    "a Slack webhook": ["https://hooks.slack.com/" + "services/T1AB/B1CD/aB3xyz"],
    "a Discord webhook": ["https://discord.com/api/" + "webhooks/123456/" + "aB-3" * 10],
    "a key that begins with sk-": ["sk-" + "proj-aB3_" * 4, "Bearer sk-" + "ant-api03-" * 3],
    "a Stripe key": ["sk_" + "live_" + "aB3" * 8, "rk_" + "test_" + "aB3" * 8],
    "a Google key": ["AIza" + "Sy-_9" * 7, "GOCSPX-" + "aB3-" * 7, "ya29." + "aB3-" * 9],
    "a JSON Web Token": ["eyJ" + "hbGciOiJI" * 3 + ".eyJ" + "zdWIiOiIx" * 3 + ".sig"],
    "a SendGrid key": ["SG." + "aB3-" * 5 + "." + "aB3_" * 10],
    "a Twilio key": ["SK" + "0a" * 16],
    "a Mailchimp key": ["0a" * 16 + "-us12"],
    "a Shopify token": ["shpat_" + "0a" * 16],
    "a HubSpot token": ["pat-" + "na1-" + "0a1b-" * 8],
    "an Atlassian token": ["ATATT3" + "xFfGF0" * 8],
    "a Databricks token": ["dapi" + "0a" * 16],
    "a dbt Cloud token": ["dbtc_" + "aB3" * 10],
    "a package registry's token": ["npm_" + "aB3" * 12, "pypi-" + "AgEIcHlwaS5vcmc" + "aB" * 20],
    "a Vault token": ["hvs." + "CAESI" * 6],
    "a DigitalOcean token": ["dop_" + "v1_" + "0a" * 32],
    "a Hugging Face token": ["hf_" + "aBc" * 11],
    "a Telegram token": ["123456789:" + "AAE-x" * 7],
    "a Square secret": ["sq0" + "csp-" + "aB3-" * 11],
    "a Notion token": ["ntn_" + "aB3" * 14, "secret_" + "aB3" * 15],
}


@pytest.mark.parametrize("what", FORMS)
def test_a_secret_by_its_form(what: str) -> None:
    for token in TOKENS[what]:
        assert describe_secret("GREETING", token) == f"holds {what}"


@pytest.mark.parametrize(
    "value",
    [
        "", "sk-learn", "task-runner-of-the-shop-in-berlin", "AKIA", "xoxo", "s3://bucket/key",
        "https://example.com/sk-news-from-everywhere", "postgresql://me@db/x", "2026-01-31T10:00",
        "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "glpat", "eyJust.a.word",
        "postgresql://me:$(DB_PASSWORD)@db/x", "https://example.com:8080/path", "a=b&c=d",
        '{"primary_key": "id", "start": "2026"}', "[1, 2]", "{not json", "sort_key=id",
        "$(TAP_TOKEN)", "550e8400-e29b-41d4-a716-446655440000", "sha256:" + "0a" * 32,
    ],
)  # fmt: skip
def test_a_plain_value(value: str) -> None:
    assert describe_secret("GREETING", value) is None


@pytest.mark.parametrize("value", ["", "true", "False", "none", "$(SHOP_TOKEN)"])
def test_what_says_nothing_is_no_secret(value: str) -> None:
    assert describe_secret("SHOP_TOKEN", value) is None


def test_a_key_file_and_what_is_in_it() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\n"
    file = {"type": "service_account", "client_email": "a@b.c", "private_key": key}
    found = [secret.text for secret in find_secrets("TAP_SHEETS_ACCOUNT", json.dumps(file))]
    assert key in found
    nested = json.dumps([{"auth": {"api_key": "hunter22", "user": "me"}}])
    assert [each.text for each in find_secrets("TAP_X_CONFIG", nested)] == ["hunter22"]


VALUES = ["hunter22", *(token for tokens in TOKENS.values() for token in tokens), "plain", "true"]
NAMES = ["GREETING", "DB_PASS", "TAP_A_KEY", "TAP_X_NEXT_PAGE_TOKEN", "X_CONNECTION_STRING"]


@pytest.mark.parametrize("name", NAMES)
def test_what_env_rejects_is_what_the_runner_masks(name: str) -> None:
    for value in VALUES:
        rejected = describe_secret(name, value) is not None
        masked = Redactor(secrets.find_secret_values({name: value}, NOWHERE))(value) != value
        assert rejected == masked, value
        exempt = {name: value, "MELTANO_RUNNER_NOT_SECRET": name}
        assert describe_secret(name, value, [name]) is None
        assert not secrets.find_secret_values(exempt, NOWHERE)


def test_the_whole_token_is_masked() -> None:
    for what, tokens in TOKENS.items():
        if what not in ("a URL with a password", "a password in a connection string"):
            for token in tokens:
                redact = Redactor(secrets.find_secret_values({"X": token}, NOWHERE))
                end = token.rpartition(" ")[2].rpartition("id=")[2].removeprefix("https://")
                assert end not in redact(token)


def test_a_deep_or_broken_structure_is_no_trouble() -> None:
    assert not list(find_secrets("X", "[" * 100_000))
    assert not list(find_secrets("X", "{" * 1000 + '"api_key": "x"'))
