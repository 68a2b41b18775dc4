"""The state machine of `buildopt watch`, and when it is quiet enough to look."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from buildopt.watch.inbox import Changes
from buildopt.watch.loop import (
    Asked,
    Changed,
    Checked,
    Ended,
    Happening,
    Loop,
    OnChange,
    Pause,
    Tick,
    advance,
    due_s,
)
from buildopt.watch.settling import BURST_QUIET_S, MOST_LOCKED_S, MOST_S, QUIET_S, Settling

A = Changes(frozenset({"a"}))
DIFFERS = Checked(frozenset({"a"}))
HOLDS = Checked(frozenset())
LATER_S = 100.0


def go(loop: Loop, *happenings: Happening, on_change: OnChange = "queue") -> tuple[Loop, list[str]]:
    """Let things happen, a long time after each other; what is ordered meanwhile."""
    orders = []
    for number, happening in enumerate(happenings):
        loop, order = advance(loop, happening, LATER_S * number, on_change)
        if order:
            orders.append(order)
    return loop, orders


def test_a_change_is_checked_when_it_is_quiet_and_runs_what_differs() -> None:
    loop, orders = go(Loop(), Changed(A), Tick(), DIFFERS)

    assert orders == ["check", "start"]
    assert loop.phase == "running"


def test_a_change_that_makes_no_difference_runs_nothing() -> None:
    loop, orders = go(Loop(), Changed(A), Tick(), HOLDS)

    assert orders == ["check"]
    assert loop.phase == "idle"


def test_nothing_is_looked_at_before_it_is_quiet() -> None:
    loop, _ = advance(Loop(), Changed(A), 10.0)

    early, order = advance(loop, Tick(), 10.0 + QUIET_S / 2)

    assert order is None
    assert early.phase == "settling"
    assert due_s(early) == 10.0 + QUIET_S


def test_after_a_run_everything_is_checked_once_more() -> None:
    loop, orders = go(Loop(), Changed(A), Tick(), DIFFERS, Ended(), HOLDS)

    assert orders == ["check", "start", "check"]
    assert loop.phase == "idle"


def test_what_the_check_after_a_run_finds_is_waited_for_until_it_is_quiet() -> None:
    ended, _ = go(Loop(), Asked(), Ended())

    found, order = advance(ended, DIFFERS, 10.0)
    checking, check = advance(found, Tick(), 10.0 + QUIET_S)
    _, start = advance(checking, DIFFERS, 11.0)

    assert (found.phase, order, due_s(found)) == ("settling", None, 10.0 + QUIET_S)
    assert (check, start) == ("check", "start")


def test_changes_during_a_run_make_one_more_run() -> None:
    loop, orders = go(
        Loop(), Changed(A), Tick(), DIFFERS, Changed(A), Changed(A), Ended(), Tick(), DIFFERS
    )

    assert orders == ["check", "start", "check", "start"]
    assert loop.phase == "running"


def test_with_restart_a_difference_stops_the_run() -> None:
    running, _ = go(Loop(), Changed(A), Tick(), DIFFERS)

    stopping, orders = go(running, Changed(A), DIFFERS, on_change="restart")
    _, after = go(stopping, Ended(), Tick(), DIFFERS, on_change="restart")

    assert orders == ["check", "stop"]
    assert after == ["check", "start"]


def test_with_restart_what_the_run_itself_writes_stops_nothing() -> None:
    running, _ = go(Loop(), Changed(A), Tick(), DIFFERS)

    loop, orders = go(
        running, Changed(A), Checked(frozenset({"a"}), frozenset({"a"})), on_change="restart"
    )

    assert orders == ["check"]
    assert loop.phase == "running"


def test_with_restart_another_run_follows_also_where_nothing_differs_any_more() -> None:
    running, _ = go(Loop(), Changed(A), Tick(), DIFFERS)

    loop, orders = go(running, Changed(A), DIFFERS, Ended(), Tick(), HOLDS, on_change="restart")

    assert orders == ["check", "stop", "check", "start"]
    assert not loop.is_due


def test_with_ignore_what_changed_during_a_run_starts_nothing() -> None:
    running, _ = go(Loop(), Changed(A), Tick(), DIFFERS)

    loop, orders = go(running, Changed(A), Ended(), DIFFERS, on_change="ignore")

    assert orders == ["accept"]
    assert loop.phase == "idle"


def test_with_ignore_a_change_after_a_run_starts_one() -> None:
    running, _ = go(Loop(), Changed(A), Tick(), DIFFERS)

    _, orders = go(running, Ended(), Changed(A), DIFFERS, Tick(), DIFFERS, on_change="ignore")

    assert orders == ["accept", "check", "start"]


def test_a_wish_during_a_run_is_one_more_run() -> None:
    running, _ = go(Loop(), Asked())

    _, orders = go(running, Asked(), Asked(), Ended(), Tick(), HOLDS, Ended(), HOLDS)

    assert orders == ["check", "start", "check"]


def test_a_pause_that_is_wished_during_a_run_or_a_check_comes_true() -> None:
    after_run, orders = go(Loop(), Asked(), Changed(A), Pause(), Ended())
    after_check, checks = go(Loop(), Changed(A), Tick(), Pause(), DIFFERS)
    taken_back, again = go(Loop(), Asked(), Pause(), Pause(), Ended())

    assert (after_run.phase, orders) == ("paused", ["start", "tell-paused"])
    assert (after_check.phase, checks) == ("paused", ["check", "tell-paused"])
    assert (taken_back.phase, again) == ("checking", ["start", "check"])


def test_a_run_that_changes_its_own_inputs_pauses_after_three() -> None:
    own = Checked(frozenset({"src/gen.ts"}), frozenset({"src/gen.ts"}))

    again = (Ended(), own, Tick(), own)
    loop, orders = go(Loop(), Changed(A), Tick(), DIFFERS, *again, *again, *again)

    assert orders.count("start") == 3
    assert orders[-1] == "tell-paused"
    assert loop.phase == "paused"
    assert loop.culprits == {"src/gen.ts"}


def test_a_wish_starts_a_run_and_ends_a_pause() -> None:
    paused = Loop(phase="paused", culprits=frozenset({"a"}))

    loop, orders = go(paused, Asked())

    assert orders == ["start"]
    assert loop.culprits == frozenset()


def test_while_paused_changes_run_nothing_and_are_found_afterwards() -> None:
    paused, orders = go(Loop(), Pause())
    unmoved, none = go(paused, Changed(A), Tick())
    resumed, after = go(unmoved, Pause(), DIFFERS, Tick(), DIFFERS)

    assert orders == ["tell-paused"]
    assert none == []
    assert after == ["check", "check", "start"]
    assert resumed.phase == "running"


def test_a_burst_and_a_lock_of_git_are_waited_for() -> None:
    many = Changes(frozenset(map(str, range(1_001))))

    assert Settling(many, 0.0, 5.0).due_s(is_locked=False) == 5.0 + BURST_QUIET_S
    assert Settling(A, 0.0, 0.9).due_s(is_locked=False) == 0.9 + QUIET_S
    assert Settling(A, 0.0, 30.0).due_s(is_locked=False) == MOST_S
    assert Settling(A, 0.0, 0.0).due_s(is_locked=True) == MOST_LOCKED_S


@given(
    st.lists(
        st.sampled_from([Changed(A), Tick(), DIFFERS, HOLDS, Ended(), Asked(), Pause()]),
        max_size=60,
    ),
    st.sampled_from(["queue", "restart", "ignore"]),
)
def test_there_is_never_more_than_one_run(happenings: list[Happening], how: OnChange) -> None:
    loop, is_running = Loop(), False
    for number, happening in enumerate(happenings):
        if isinstance(happening, Ended) and not is_running:
            continue
        is_running = is_running and not isinstance(happening, Ended)
        loop, order = advance(loop, happening, LATER_S * number, how)
        if order == "start":
            assert not is_running
            is_running = True
        assert is_running == (loop.phase in ("running", "stopping"))
