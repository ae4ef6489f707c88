"""A run that is stopped at a random moment loses nothing (`faults.py` does it twenty times)."""

from __future__ import annotations

import random
import signal

import pytest

from tests.runner.faults import fault, moments, seconds_of_a_whole_run

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]

ROWS = 20_000
# Another seed in each session: over time the moments fall everywhere. The failure shows it.
SEED = random.SystemRandom().randrange(1000)


@pytest.fixture(scope="module")
def whole_run() -> float:
    return seconds_of_a_whole_run(ROWS)


def test_sigterm_keeps_state_and_output_together(whole_run: float) -> None:
    for after in moments(5, whole_run, SEED):
        found = fault("meltano-runner", signal.SIGTERM, ROWS, after)
        assert found.error is None, found
        assert found.bookmark == found.drained, found
        assert (found.repeated, found.missing) == (0, 0), found


def test_sigkill_repeats_rows_at_most(whole_run: float) -> None:
    for after in moments(3, whole_run, SEED):
        # Before two seconds Meltano may be creating its database, which a kill leaves half done;
        # a deployment creates it beforehand.
        found = fault("meltano-runner", signal.SIGKILL, ROWS, max(after, 2.5))
        assert found.error is None, found
        assert found.bookmark <= found.drained, found
        assert found.repeated <= found.drained - found.bookmark, found
        assert found.missing == 0, found
