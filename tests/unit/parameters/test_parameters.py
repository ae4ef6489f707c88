"""What a person may choose for a run, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, ParamValidationError
from meltano_pods.errors import ParameterError
from meltano_pods.local import MeltanoLocalOperator
from meltano_pods.parameters.choices import RunChoices
from meltano_pods.parameters.command import InvocationContext, build_invocation
from meltano_pods.parameters.form import build_form
from meltano_pods.parameters.interval import VARIABLES, DagRunFacts, format_timestamp
from meltano_pods.settings.run import RunOptions
from meltano_pods.tasks.operator import InvalidParameterError

from tests.support.dag_runs import END, START, TASKS, choices, context, dag_run
from tests.support.tasks import planned

PAIR = ("run", "tap-a", "target-b")
EL = (*PAIR, "--state-id", "daily", "--timeout", "60")


def told(
    arguments: tuple[str, ...] = PAIR, at: InvocationContext | None = None, **options: Any
) -> Any:
    return build_invocation(
        arguments, RunOptions(**options), at or InvocationContext("prod", taps=("tap-a",))
    )


@pytest.mark.parametrize(
    ("options", "added"),
    [
        ({}, ()),
        ({"full_refresh": True}, ("--full-refresh",)),
        ({"refresh_catalog": True}, ("--refresh-catalog",)),
        ({"no_state_update": True}, ("--no-state-update",)),
        ({"state_strategy": "overwrite"}, ("--state-strategy=overwrite",)),
        ({"state_id_suffix": "try.1"}, ("--state-id-suffix=try.1",)),
        ({"full_refresh": True, "state_strategy": "merge"},
         ("--full-refresh", "--state-strategy=merge")),
    ],
)  # fmt: skip
def test_options_of_a_run(options: dict[str, Any], added: tuple[str, ...]) -> None:
    assert told(**options).arguments == (*PAIR, *added)
    assert told(**options).environment == "prod"


@pytest.mark.parametrize("given", [EL, (*PAIR, "--state-id=daily", "--timeout", "60")])
@pytest.mark.parametrize(
    ("options", "other", "state_id"),
    [
        ({}, None, "daily"),
        ({"state_id_suffix": "x"}, None, "daily:x"),
        ({}, "staging", "daily:staging"),
        ({"state_id_suffix": "x"}, "staging", "daily:staging:x"),
    ],
)
def test_a_schedule_of_extractor_and_loader_says_it_in_its_state_id(
    given: tuple[str, ...], options: dict[str, Any], other: str | None, state_id: str
) -> None:
    found = told(given, InvocationContext("prod", other), **options)
    assert found.arguments == (*PAIR, "--state-id", state_id, "--timeout", "60")
    assert found.environment == (other or "prod")


def test_another_environment_of_other_tasks_is_for_meltano_to_say() -> None:
    found = told(PAIR, InvocationContext("prod", "staging"))
    assert (found.arguments, found.environment) == (PAIR, "staging")


def test_apart_from_the_state_a_schedule_runs_as_any_other() -> None:
    found = told(EL, no_state_update=True, state_id_suffix="x")
    assert found.arguments == (*PAIR, "--timeout", "60", "--no-state-update")
    with pytest.raises(ParameterError, match="`no_state_update` needs an environment"):
        told(EL, InvocationContext(None), no_state_update=True)
    with pytest.raises(ParameterError, match="cannot be combined with `transform`"):
        told((*EL, "--transform", "run"), no_state_update=True)


def test_a_backfill_has_a_state_of_its_own_whatever_the_suffix() -> None:
    at = InvocationContext("prod", backfill_suffix="backfill-20260101T000000Z")
    assert told(PAIR, at).arguments[-1] == "--state-id-suffix=backfill-20260101T000000Z"
    found = told(PAIR, at, state_id_suffix="x").arguments[-1]
    assert found == "--state-id-suffix=x-backfill-20260101T000000Z"
    assert told(EL, at).arguments[4] == "daily:backfill-20260101T000000Z"


def test_streams_become_the_variable_that_meltano_reads_for_each_tap() -> None:
    at = InvocationContext("prod", taps=("tap-a", "tap-b.2"), other_taps=("tap-c",))
    found = told(PAIR, at, select_filter=["orders", "tap-b.2:!raw", "tap-c:x", "no-tap:x"])
    assert found.env == {
        "TAP_A__SELECT_FILTER": '["orders", "no-tap:x"]',
        "TAP_B_2__SELECT_FILTER": '["orders", "no-tap:x", "!raw"]',
    }
    assert told(PAIR, at, select_filter=["tap-c:x"]).env == {}


def test_log_level() -> None:
    assert told(log_level="debug").env == {"MELTANO_CLI_LOG_LEVEL": "debug"}
    assert told().env == {}


ALLOWED: list[tuple[str, Any]] = [
    ("full_refresh", True), ("select_filter", ["orders", "public-*", "!*_raw", "tap-a:été"]),
    ("select_filter", None), ("select_filter", []), ("state_id_suffix", "a"),
    ("log_level", "error"), ("state_id_suffix", None), ("state_strategy", "merge"),
    ("environment", "staging"),
    ("only_tasks", ["dbt-run"]), ("only_tasks", None), ("only_tasks", []),
]  # fmt: skip
REFUSED: list[tuple[str, Any]] = [
    ("full_refresh", "yes"), ("full_refresh", None), ("refresh_catalog", 1),
    ("no_state_update", "true"), ("select_filter", "orders"), ("select_filter", ["--catalog"]),
    ("select_filter", ["-x"]), ("select_filter", ["a\n"]), ("select_filter", ["$HOME"]),
    ("select_filter", ["$(HOME)"]), ("select_filter", ["{{ conn.db.password }}"]),
    ("select_filter", [1]), ("select_filter", [""]), ("select_filter", ["a" * 300]),
    ("select_filter", ["a"] * 101), ("select_filter", {"tap-a": ["x"]}),
    ("state_id_suffix", "-x"), ("state_id_suffix", "--force"), ("state_id_suffix", "a:b"),
    ("state_id_suffix", "a b"), ("state_id_suffix", "a;rm -rf /"), ("state_id_suffix", "a\n"),
    ("state_id_suffix", "$(x)"), ("state_id_suffix", ""), ("state_id_suffix", "a" * 64),
    ("state_id_suffix", "../x"), ("state_id_suffix", 5), ("state_id_suffix", ["a"]),
    ("state_id_suffix", "{{ var.value.x }}"), ("state_strategy", "append"),
    ("state_strategy", None), ("log_level", "loud"), ("log_level", "INFO"),
    ("environment", "dev"), ("environment", ""), ("environment", ["staging"]),
    ("only_tasks", ["no-such"]), ("only_tasks", "dbt-run"), ("only_tasks", [["dbt-run"]]),
]  # fmt: skip


def schema_of(name: str) -> Param:
    all_of = RunChoices(environments=("staging",), task_ids=TASKS, taps=("tap-a",))
    begun, schema = build_form(all_of, "prod")[name]
    return Param(begun, **schema)


@pytest.mark.parametrize(("name", "value"), ALLOWED)
def test_form_and_worker_allow_the_same(name: str, value: Any) -> None:
    schema_of(name).resolve(value)
    choices(RunOptions()).apply({name: value})


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_form_and_worker_refuse_the_same(name: str, value: Any) -> None:
    with pytest.raises(ParamValidationError):
        schema_of(name).resolve(value)
    with pytest.raises(ParameterError, match=f"`{name}` has a value that is not allowed") as caught:
        choices(RunOptions()).apply({name: value})
    assert caught.value.fix.startswith("What is allowed: ")


@pytest.mark.parametrize("value", ["MY_PASSWORD", "x" * 500, {"a": "hunter2"}, ["a", "hunter2"]])
def test_an_error_never_repeats_what_may_be_a_secret(value: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        choices().apply({"state_strategy": value})
    assert "MY_PASSWORD" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert len(caught.value.what) < 200


def test_every_value_the_form_begins_with_is_allowed() -> None:
    options = RunOptions(full_refresh=True, select_filter=("a",), state_id_suffix="x")
    all_of = RunChoices(options, {}, ("staging",), TASKS, ("tap-a",))
    begun = {name: Param(value, **schema).resolve() for name, (value, schema) in
             build_form(all_of, "prod").items()}  # fmt: skip
    assert begun == {
        "full_refresh": True, "refresh_catalog": False, "no_state_update": False,
        "select_filter": ["a"], "state_id_suffix": "x", "state_strategy": "auto",
        "log_level": "info", "environment": "prod", "only_tasks": None,
    }  # fmt: skip


def test_a_dag_offers_what_makes_sense_for_it() -> None:
    assert list(build_form(RunChoices(task_ids=("dbt-run",)), "prod")) == ["log_level"]
    (_, schema) = build_form(RunChoices(environments=("a", "b")), None)["environment"]
    assert schema["enum"] == ["a", "b", None]


def test_what_the_form_began_with_leaves_each_task_its_own() -> None:
    own = RunOptions(full_refresh=True, select_filter=("a",), log_level="debug")
    asked = choices(own, shown=RunOptions())
    form_sends = {**asked.offered, "state_id_suffix": "x"}
    found = asked.apply(form_sends)
    assert found.options == own.model_copy(update={"state_id_suffix": "x"})
    assert found.changed == ("state_id_suffix",)
    assert asked.apply({}).options == own


def test_a_value_can_be_taken_back() -> None:
    shown = RunOptions(full_refresh=True, select_filter=("a",), state_id_suffix="x")
    asked = choices(shown=shown)
    changed = {"full_refresh": False, "select_filter": None, "state_id_suffix": None}
    assert asked.apply(changed).options == RunOptions()


@pytest.mark.parametrize("name", ["environment", "only_tasks"])
def test_a_parameter_that_is_not_offered_is_refused(name: str) -> None:
    asked = RunChoices(offered={"log_level": "info"})
    with pytest.raises(ParameterError, match=f"does not offer the parameter `{name}`"):
        asked.apply({name: "x"})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("fullrefresh", "full_refresh"),
        ("State-ID-Suffix", "state_id_suffix"),
        ("only tasks", "only_tasks"),
    ],
)
def test_a_misspelt_parameter_is_refused(name: str, meant: str) -> None:
    with pytest.raises(ParameterError, match="unknown parameter") as caught:
        choices().apply({name: "x"})
    assert caught.value.fix == f"Rename it to `{meant}`."


def test_parameters_of_others_are_left_alone() -> None:
    assert choices().apply({"customer": "acme", "date": "x"}).options == RunOptions()
    assert RunChoices().apply({"environment": "x", "full_refresh": 7}).options == RunOptions()


def operator(**changes: Any) -> MeltanoLocalOperator:
    run = planned(*EL[1:], environment="prod")
    made = MeltanoLocalOperator(task_id=TASKS[0], project="shop", run=run)
    made.choices = choices(**changes)
    return made


def test_the_invocation_of_a_run() -> None:
    found = operator().build_run_invocation(context(environment="staging", full_refresh=True))
    assert found.arguments == (
        *PAIR, "--state-id", "daily:staging", "--timeout", "60", "--full-refresh",
    )  # fmt: skip
    assert found.environment == "staging"
    assert found.env == {
        "MELTANO_PODS_DATA_INTERVAL_START": "2026-01-01T00:00:00Z",
        "MELTANO_PODS_DATA_INTERVAL_END": "2026-01-02T00:00:00Z",
        "MELTANO_PODS_LOGICAL_DATE": "2026-01-01T00:00:00Z",
        "MELTANO_PODS_DAG_ID": "shop.daily",
        "MELTANO_PODS_TASK_ID": "tap-a-to-target-b",
        "MELTANO_PODS_RUN_ID": "run1",
        "MELTANO_PODS_RUN_TYPE": "scheduled",
    }
    assert found.env.keys() == VARIABLES.keys()


def test_skipped_tasks_and_invalid_parameters_are_airflows_exceptions() -> None:
    with pytest.raises(AirflowSkipException, match="only: dbt-run"):
        operator().build_run_invocation(context(only_tasks=["dbt-run"]))
    with pytest.raises(InvalidParameterError, match="is not allowed: 'a b'") as caught:
        operator().build_run_invocation(context(state_id_suffix="a b"))
    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize("own", [True, False])
def test_a_backfill_has_a_separate_state_unless_it_is_shared(own: bool) -> None:
    run = dag_run(run_type=SimpleNamespace(value="backfill"))
    found = operator(own_backfill_state=own).build_run_invocation(context(None, run))
    assert found.arguments[4] == ("daily:backfill-20260101T000000Z" if own else "daily")


def facts(**changes: Any) -> DagRunFacts:
    return DagRunFacts(
        "shop.daily", "t", "run1", "backfill", **{"start": START, "end": END, **changes}
    )


def test_the_state_of_a_backfill() -> None:
    assert facts().get_backfill_suffix() == "backfill-20260101T000000Z"
    assert facts(clears=2).get_backfill_suffix() == "backfill-20260101T000000Z-2"
    assert facts(start=None, logical_date=END).get_backfill_suffix() == "backfill-20260102T000000Z"
    suffix = facts(start=None).get_backfill_suffix()
    assert suffix is not None
    RunOptions(state_id_suffix=suffix)
    assert DagRunFacts("d", "t", "r", "scheduled", START, START, END).get_backfill_suffix() is None


def test_moments_are_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    assert format_timestamp(datetime(2026, 1, 1, 1, tzinfo=berlin)) == "2026-01-01T00:00:00Z"
    assert (
        format_timestamp(datetime(2026, 1, 1, 0, 0, 0, 5, tzinfo=UTC))
        == "2026-01-01T00:00:00.000005Z"
    )


def test_a_run_without_an_interval_has_no_variables_of_one() -> None:
    none = facts(start=None, end=None).to_variables()
    assert not [name for name in none if "INTERVAL" in name or "DATE" in name]
