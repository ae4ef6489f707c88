"""No known secret is shown, in whatever form it comes."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from meltano_runner.run import secrets
from meltano_runner.run.definitions import Definitions
from meltano_runner.run.redact import Redactor

SECRET = 'p@ss/wörd "x"+&\\1'
KEY = "-----BEGIN KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0B\n" * 3 + "-----END KEY-----"


def forms(secret: str) -> dict[str, str]:
    data = secret.encode()
    return {
        "exact": secret,
        "url": quote(secret, safe=""),
        "url path": quote(secret),
        "form": quote_plus(secret),
        "json": json.dumps(secret),
        "json unicode": json.dumps(secret, ensure_ascii=False),
        "base64": base64.b64encode(data).decode(),
        "base64 url": base64.urlsafe_b64encode(data).decode(),
        "basic auth": base64.b64encode(b"user:" + data).decode(),
        "basic auth 1": base64.b64encode(b"admin:" + data + b"!").decode(),
        "basic auth 2": base64.b64encode(b"someone:" + data + b"!!").decode(),
    }


@pytest.mark.parametrize("name", forms(SECRET))
def test_each_form_is_masked(name: str) -> None:
    text = forms(SECRET)[name]
    shown = Redactor([SECRET])(f"before {text} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert "***" in shown
    # Base64 leaves at most the characters that other bytes share.
    assert len(shown) <= len("before  after") + 20
    assert SECRET not in shown


def test_a_line_of_a_private_key_is_masked() -> None:
    assert Redactor([KEY])("error near MIIEvQIBADANBgkqhkiG9w0B!") == "error near ***!"


def test_the_longer_secret_goes_first() -> None:
    assert Redactor(["abcd", "abcdefgh"])("abcdefgh abcd") == "*** ***"


@pytest.mark.parametrize("value", ["", "1", "abc", "true", "None"])
def test_what_would_garble_the_log_is_left(value: str) -> None:
    assert Redactor([value])("1 abc true None") == "1 abc true None"


def find(environment: Mapping[str, str], project: Path) -> set[str]:
    return secrets.find_secret_values(environment, project, Definitions(project, None).files)


def test_where_secrets_are_found(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TAP_TOKEN='from dotenv'\nPLAIN=plain-value\n")
    (tmp_path / "meltano.yml").write_text(
        "plugins:\n  extractors:\n  - name: tap\n    config:\n"
        "      password: in the file\n      api_key: $BY_REFERENCE\n      start: 2020-01-01\n"
        "      url: mysql://u:p%40ss@h/d\n"
        "include_paths: [parts/*.yml]\n"
    )
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "loaders.yml").write_text(
        "plugins:\n  loaders:\n  - name: target\n    config:\n      password: in a part\n"
    )
    environment = {
        "DATABASE_URI": "postgresql://user:u%2Fri-pw@host/db",
        "SERVICE": '{"type": "service_account", "private_key": "key in json"}',
        "ODD_NAME": "named by the launcher",
        "MELTANO_RUNNER_SECRET_NAMES": "ODD_NAME, OTHER",
    }
    assert find(environment, tmp_path) == {
        "from dotenv",
        "in the file",
        "in a part",
        "p%40ss",
        "p@ss",
        "u%2Fri-pw",
        "u/ri-pw",
        "key in json",
        "named by the launcher",
    }


@pytest.mark.parametrize("text", ["a: [}", "\x00", "- just\n- a list", "", "a: &a [*a]"])
def test_a_broken_file_is_not_our_business(tmp_path: Path, text: str) -> None:
    (tmp_path / "meltano.yml").write_text(text)
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    assert find({}, tmp_path) == set()


def test_what_is_exempt_is_not_masked(tmp_path: Path) -> None:
    (tmp_path / "meltano.yml").write_text("config: {key: updated-at, api_key: hunter22}\n")
    environment = {
        "TAP_A_KEY": "plain-key",
        "SHOP_TOKEN": "both-lists",
        "MELTANO_RUNNER_NOT_SECRET": "TAP_A_KEY,key, SHOP_TOKEN",
        "MELTANO_RUNNER_SECRET_NAMES": "SHOP_TOKEN",
    }
    assert find(environment, tmp_path) == {"hunter22", "both-lists"}


def test_a_reference_in_meltano_yml_is_no_secret(tmp_path: Path) -> None:
    text = "config: {password: $SHOP, token: '${SHOP}', url: 'pg://me:${SHOP}@db/x'}\n"
    (tmp_path / "meltano.yml").write_text(text)
    assert not find({}, tmp_path)
    # In the environment nothing expands it, so it is the password itself.
    assert find({"DB_PASSWORD": "$ecret"}, tmp_path) == {"$ecret"}


def test_names_of_secrets_are_none(tmp_path: Path) -> None:
    (tmp_path / "meltano.yml").write_text(
        "annotations: {meltano_pods: {secrets: [shop], database_secret: env-secrets}}\n"
    )
    assert not find({}, tmp_path)
