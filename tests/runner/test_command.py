"""The arguments of a run and the Meltano command they stand for."""

import pytest
from meltano_runner.run.command import UsageError, parse_arguments


@pytest.mark.parametrize(
    ("typed", "meltano"),
    [
        ("tap-a target-b", "run --no-install tap-a target-b"),
        ("tap-a target-b dbt:run", "run --no-install tap-a target-b dbt:run"),
        ("tap-a target-b --full-refresh", "run --full-refresh --no-install tap-a target-b"),
        ("--full-refresh tap-a target-b", "run --full-refresh --no-install tap-a target-b"),
        ("tap-a --force target-b", "run --force --no-install tap-a target-b"),
        ("job --state-id-suffix x", "run --state-id-suffix=x --no-install job"),
        ("job --state-strategy=merge", "run --state-strategy=merge --no-install job"),
        ("tap-a target-b --state-id daily", "el --no-install --state-id=daily tap-a target-b"),
        (
            "tap-a target-b --state-id daily --force --select a.* --select b.*",
            "el --force --select=a.* --select=b.* --no-install --state-id=daily tap-a target-b",
        ),
        ("job --install", "run --install job"),
        ("job --no-install", "run --no-install job"),
        ("tap-a target-b --timeout 60", "run --no-install tap-a target-b"),
    ],
)
def test_becomes(typed: str, meltano: str) -> None:
    assert parse_arguments(typed.split()).build_arguments() == meltano.split()


def test_the_timeout_is_the_runners_own() -> None:
    assert parse_arguments(["job", "--timeout", "60"]).timeout == 60


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "blocks"),
        ("a --nope", "--nope"),
        ("a --full-ref", "--full-ref"),
        ("a --timeout 0", "'0' is not a whole number"),
        ("a --timeout 1.5", "'1.5' is not a whole number"),
        ("a --select x", "--select cannot be used without --state-id"),
        ("a b --state-id x --no-state-update", "--no-state-update cannot be used with --state-id"),
        ("a b --state-id x --state-id-suffix y", "--state-id-suffix cannot be used with"),
        ("a b c --state-id x", "one tap and one target, found: a b c"),
    ],
)
def test_misuse_is_refused_by_name(typed: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_arguments(typed.split())


def test_a_value_is_never_taken_for_an_option() -> None:
    assert parse_arguments(["job", "--state-id-suffix=--force; rm -rf /"]).build_arguments() == [
        "run",
        "--state-id-suffix=--force; rm -rf /",
        "--no-install",
        "job",
    ]
