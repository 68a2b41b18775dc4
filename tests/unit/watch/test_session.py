"""What a session does when time goes wrong, and when answers come too late."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from buildopt.watch import surroundings as module
from buildopt.watch.changes import Watcher
from buildopt.watch.inbox import Changes, Inbox
from buildopt.watch.loop import Changed, Checked, Loop, Pause, Tick
from buildopt.watch.screen import Screen
from buildopt.watch.session import Manner, Session
from buildopt.watch.tally import Tally

LONG_AFTER = 0.0
DIFFERS = Checked(frozenset({"a"}))


class Rounds:
    """A round process that notes what it is asked, and answers when a test has it do so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: list[Checked] = []
        self.is_alive = True

    def fileno(self) -> int:
        return socket.socketpair()[0].fileno()

    def ask_to_run(self) -> None:
        self.asked.append("run")

    def ask_to_check(self, paths: frozenset[str], *, is_lost: bool, accepts: bool) -> None:
        self.asked.append("check")

    def message(self) -> Checked:
        return self.answers.pop(0)

    def send_signal(self, number: int) -> None:
        self.asked.append(f"signal {number}")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    inbox = Inbox()
    watcher = Watcher(str(tmp_path), inbox, poll=True)
    screen = Screen(as_json=False, quiet=True, clear=False, bell=False, keys=False, note=None)
    manner = Manner(str(tmp_path), "queue", once=False, show=lambda _key: None)
    made = Session(manner, Rounds(), watcher, inbox, screen, Tally(""))  # type: ignore[arg-type]
    made._is_ready = True
    return made


def settle(session: Session) -> None:
    """Let a change come, and be quiet for long enough."""
    session._happen(Changed(Changes(frozenset({"a"}))))
    settling = session._loop.settling
    assert settling
    quiet = settling._replace(first_s=LONG_AFTER, last_s=LONG_AFTER)
    session._loop = Loop(phase="settling", settling=quiet)
    session._happen(Tick())


@pytest.mark.parametrize("step_s", [3_600.0, -3_600.0])
def test_after_a_sleep_and_a_clock_that_was_set_everything_is_looked_at(
    session: Session, monkeypatch: pytest.MonkeyPatch, step_s: float
) -> None:
    session._look_around()
    before = session._loop.phase
    now_s = module._drift_s()
    monkeypatch.setattr(module, "_drift_s", lambda: now_s + step_s)

    session._look_around()

    assert before == "idle"
    assert session._loop.phase == "settling"
    assert session._loop.settling and session._loop.settling.changes.is_rescan


def test_a_wish_during_a_check_is_not_stopped_by_its_answer(session: Session) -> None:
    settle(session)
    session._pressed("run")
    session._rounds.answers.append(DIFFERS)
    session._hear()

    assert session._rounds.asked == ["check", "run"]
    assert session._loop.phase == "running"


def test_after_a_pause_only_the_answer_to_the_new_check_counts(session: Session) -> None:
    settle(session)
    session._happen(Pause())
    session._happen(Pause())
    session._rounds.answers += [Checked(frozenset()), DIFFERS]
    session._hear()
    after_old = session._loop.phase
    session._hear()

    assert after_old == "checking"
    assert session._loop.phase == "settling"
