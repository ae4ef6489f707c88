"""Many orders of events, played without a cluster: what must hold in every one of them."""

from __future__ import annotations

import itertools
import logging
import random
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from meltano_pods.pods.diagnose.api_errors import ApiError
from meltano_pods.pods.diagnose.status import has_ended
from meltano_pods.pods.lifecycle.actions import (
    OUTAGE_SECONDS,
    CreatePod,
    DeletePod,
    ListPods,
    LogEnd,
    PatchPod,
    ReadPod,
    RelayLog,
    request,
)
from meltano_pods.pods.lifecycle.create import WaitPolicy
from meltano_pods.pods.lifecycle.follow import follow_log
from meltano_pods.pods.lifecycle.launch import launch
from meltano_pods.pods.lifecycle.observation import Observation
from meltano_pods.pods.lifecycle.ownership import claim, get_owner, release
from meltano_pods.pods.spec import naming

from tests.support.play import Player
from tests.support.pods import RUN, RUNNING, ended, over, pod
from tests.unit.pods.lifecycle.test_decisions import BROKEN, DONE, OTHER_SPEC, RETRY, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano_pods.pods.lifecycle.actions import Action

LOG = logging.getLogger("schedules")
NAME = naming.build_pod_name(RUN)


class Store:
    """Pods with resource versions, as the API server keeps them."""

    def __init__(self, *pods: dict[str, Any]) -> None:
        self.pods = {each["metadata"]["name"]: deepcopy(each) for each in pods}
        self.versions = itertools.count(1)
        for each in self.pods.values():
            self.touch(each)

    def touch(self, pod: dict[str, Any]) -> None:
        pod["metadata"]["resourceVersion"] = str(next(self.versions))

    def answer(self, action: Action) -> Any:  # noqa: PLR0911 - one for each action
        match action:
            case ListPods():
                return deepcopy(list(self.pods.values()))
            case ReadPod(name):
                return deepcopy(self.pods.get(name))
            case CreatePod(manifest):
                name = manifest["metadata"]["name"]
                if name in self.pods:
                    raise ApiError(409, "AlreadyExists")
                new = deepcopy(dict(manifest)) | {"status": {"phase": "Pending"}}
                new["metadata"]["uid"] = f"uid-{next(self.versions)}"
                self.pods[name] = new
                self.touch(new)
                return deepcopy(new)
            case PatchPod(name, change):
                there = self._get(name, change["metadata"], 409)
                there["metadata"]["annotations"] |= change["metadata"]["annotations"]
                self.touch(there)
                return deepcopy(there)
            case DeletePod(name, uid, version, _):
                if name not in self.pods:
                    return True
                try:
                    there = self._get(name, {"uid": uid, "resourceVersion": version}, 409)
                except ApiError:
                    return False
                if has_ended(there) or there["status"]["phase"] == "Pending":
                    del self.pods[name]
                else:
                    there["metadata"]["deletionTimestamp"] = "2026-01-02T03:06:00Z"
                    self.touch(there)
                return True
        raise NotImplementedError(action)

    def _get(self, name: str, meant: dict[str, Any], status: int) -> dict[str, Any]:
        if name not in self.pods:
            raise ApiError(404, "NotFound")
        there = self.pods[name]
        for key in ("uid", "resourceVersion"):
            if meant.get(key) not in (None, there["metadata"].get(key)):
                raise ApiError(status, "Conflict")
        return there


def interleavings(first: int, second: int) -> Iterator[tuple[int, ...]]:
    """Yield every order in which two sequences of steps can interleave."""
    for places in itertools.combinations(range(first + second), first):
        yield tuple(0 if place in places else 1 for place in range(first + second))


@pytest.mark.parametrize("order", list(interleavings(4, 4)))
def test_a_claim_and_a_release_never_both_succeed(order: tuple[int, ...]) -> None:
    store = Store(made(status=RUNNING))
    read = store.answer(ReadPod(NAME))
    steps: list[Any] = [claim(read, RETRY.ti_id), release(NAME, RUN.ti_id)]
    waiting: list[Any] = [next(each) for each in steps]
    results: dict[int, Any] = {}
    for turn in [*order, *[0, 1] * 20]:
        if turn in results:
            continue
        try:
            try:
                answer = (
                    0.0
                    if "Clock" in type(waiting[turn]).__name__
                    else (store.answer(waiting[turn]))
                )
            except ApiError as error:
                waiting[turn] = steps[turn].throw(error)
            else:
                waiting[turn] = steps[turn].send(answer)
        except StopIteration as end:
            results[turn] = end.value
    claimed, released = results[0] is not None, results[1]
    assert claimed != released
    deleted = "deletionTimestamp" in store.pods[NAME]["metadata"]
    assert deleted == released
    assert get_owner(store.pods[NAME]) == (RETRY.ti_id if claimed else RUN.ti_id)


@pytest.mark.parametrize("seed", range(100))
def test_a_task_instance_never_has_two_pods_at_work(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a reproducible order of events
    statuses: list[dict[str, Any]] = [{"phase": "Pending"}, RUNNING, DONE, BROKEN]
    there = [
        made(run, chance.choice(statuses), **chance.choice([{}, OTHER_SPEC]))
        for run in (RUN, RETRY)
        if chance.random() < 0.7
    ]
    store = Store(*there)

    def answer(action: Action) -> Any:
        for each in list(store.pods.values()):
            if chance.random() < 0.2 and not has_ended(each):
                each["status"] = chance.choice([RUNNING, DONE, BROKEN])
                store.touch(each)
            elif "deletionTimestamp" in each["metadata"] and chance.random() < 0.3:
                del store.pods[each["metadata"]["name"]]
        if chance.random() < 0.1:
            raise ApiError(503, "ServiceUnavailable")
        found = store.answer(action)
        if isinstance(action, CreatePod) and chance.random() < 0.3:
            raise ApiError(504, "the answer was lost")
        return found

    wanted = made(RETRY)
    wanted.pop("status")
    player = Player(answer)
    try:
        found = player.play(launch(wanted, RETRY, WaitPolicy(600, lambda: False, LOG)))
    except ApiError as error:
        assert error.is_transient  # noqa: PT017 - five failures in a row
        return
    name = found["metadata"]["name"]
    assert get_owner(found) == RETRY.ti_id
    others = [each for key, each in store.pods.items() if key != name]
    assert all(has_ended(each) for each in others)


def line(number: int) -> bytes:
    time = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) + timedelta(seconds=number / 7)
    stamp = f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond * 1000:09}Z"
    return f"{stamp} line {number}\n".encode()


@pytest.mark.parametrize("seed", range(100))
def test_each_line_of_a_log_is_taken_once_whatever_happens_to_the_connection(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - as above
    lines = [line(number) for number in range(60)]
    written = 0
    taken: list[str] = []
    observation = Observation("pod")

    def take(some: list[bytes], since: bytes) -> None:
        texts = [observation.take_line(raw) for raw in some if raw[:19] >= since]
        taken.extend(text for text in texts if text is not None)

    def answer(action: Action) -> Any:
        nonlocal written
        written = min(len(lines), written + chance.randrange(15))
        if isinstance(action, ReadPod):
            if chance.random() < 0.2:
                raise ApiError(chance.choice([None, 401, 429, 500, 503]), "away")
            over_now = written == len(lines) and chance.random() < 0.7
            return pod(None, **(over(ended()) if over_now else RUNNING))
        assert isinstance(action, RelayLog)
        since = (observation.position.resume() or "")[:19].encode()
        stop = chance.randrange(written + 1) if action.follow else written
        take(lines[:stop], since)
        match chance.randrange(4) if action.follow else 3:
            case 0:
                raise ApiError(chance.choice([None, 401, 500, 503]), "reset")
            case 1:
                return LogEnd(cut_off=True)
        # A stream that ends by itself has had all that was written.
        take(lines[stop:written], since)
        return LogEnd()

    Player(answer).play(follow_log(observation, LOG))
    assert taken == [f"line {number}" for number in range(60)]
    assert observation.position.gaps == 0


@pytest.mark.parametrize(("status", "tries"), [(None, 5), (429, 5), (503, 5), (401, 1), (403, 1)])
def test_how_often_a_request_is_repeated(status: int | None, tries: int) -> None:
    def answer(_: Action) -> Any:
        raise ApiError(status, "no")

    player = Player(answer)
    with pytest.raises(ApiError):
        player.play(request(ReadPod("a")))
    assert player.count(ReadPod) == tries
    assert player.waited < 10


@pytest.mark.parametrize("status", [None, 401, 503])
def test_an_outage_is_waited_out_while_a_pod_is_at_work(status: int | None) -> None:
    def answer(_: Action) -> Any:
        raise ApiError(status, "no")

    player = Player(answer)
    with pytest.raises(ApiError):
        player.play(request(ReadPod("a"), outage_log=LOG))
    assert OUTAGE_SECONDS <= player.waited < OUTAGE_SECONDS + 10
    assert player.count(ReadPod) < 90


def test_a_log_that_may_not_be_read_is_an_error_at_once() -> None:
    def answer(action: Action) -> Any:
        if isinstance(action, RelayLog):
            raise ApiError(403, "Forbidden")
        return pod(None, **RUNNING)

    player = Player(answer)
    with pytest.raises(ApiError):
        player.play(follow_log(Observation("pod"), LOG))
    assert player.waited == 0


def test_an_api_server_that_has_just_started_may_forbid_what_is_allowed() -> None:
    answers: list[Any] = [None, 503, 403, 403, pod(None, **RUNNING)]

    def answer(_: Action) -> Any:
        if not isinstance(found := answers.pop(0), dict):
            raise ApiError(found, "no")
        return found

    assert Player(answer).play(request(ReadPod("a"), outage_log=LOG))
    answers[:] = [403]
    with pytest.raises(ApiError):
        Player(answer).play(request(ReadPod("a"), outage_log=LOG))
    # And at once if nothing waits for a running pod.
    answers[:] = [503, 403]
    with pytest.raises(ApiError):
        Player(answer).play(request(ReadPod("a")))
