"""The process in which rounds run: signals that come just before one begins."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from buildopt.watch.loop import Checked
from buildopt.watch.round_process import RoundEnd, RoundProcess, start

WAIT_S = 10.0
SOON_S = 0.3


class Listening:
    """Rounds that end by the signal that they hear, else after a while."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s

    def run(self) -> RoundEnd:
        blocked = {signal.SIGINT, signal.SIGTERM}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        heard = signal.sigtimedwait(blocked, self._wait_s)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        number = heard.si_signo if heard else 0
        return RoundEnd(None, 0, number, (), frozenset(), False, (), ())

    def check(self, paths: frozenset[str], *, is_lost: bool, accepts: bool) -> Checked:
        return Checked(paths)


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Iterator[RoundProcess]:
    process = start(Listening(request.param), output_to_stderr=False)
    yield process
    process.end()


def send(rounds: RoundProcess, number: int) -> None:
    """Send a signal between two rounds; it has arrived when this returns."""
    answer(rounds)
    os.kill(rounds.pid, number)
    answer(rounds)


def answer(rounds: RoundProcess) -> None:
    """Have it say something."""
    rounds.ask_to_check(frozenset({"a"}), is_lost=False, accepts=False)
    assert rounds.message() == Checked(frozenset({"a"}))


@pytest.mark.parametrize("rounds", [WAIT_S], indirect=True)
def test_ctrl_c_just_before_a_round_ends_that_round(rounds: RoundProcess) -> None:
    send(rounds, signal.SIGINT)
    rounds.ask_to_run()
    end = rounds.message()

    assert isinstance(end, RoundEnd)
    assert end.signal == signal.SIGINT


@pytest.mark.parametrize("rounds", [SOON_S], indirect=True)
def test_a_stop_that_comes_after_its_round_does_not_end_the_next(rounds: RoundProcess) -> None:
    send(rounds, signal.SIGTERM)
    rounds.ask_to_run()
    end = rounds.message()

    assert isinstance(end, RoundEnd)
    assert end.signal == 0
