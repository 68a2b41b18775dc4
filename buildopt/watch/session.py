"""A session of `buildopt watch`: joins the loop, which decides, with all that it decides about.

inbox (changed paths), keyboard, signals, round process  -> happenings -> loop -> orders
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from buildopt.execute.signals import ENDING, Arrival, SignalWatch, stop_self
from buildopt.watch.changes import Watcher
from buildopt.watch.checks import Checks
from buildopt.watch.inbox import Changes, Inbox
from buildopt.watch.keyboard import STDIN, Key, Keyboard
from buildopt.watch.last_round import LastRound
from buildopt.watch.loop import (
    MOST_SELF_CAUSED,
    Asked,
    Changed,
    Checked,
    Ended,
    Happening,
    Loop,
    OnChange,
    Order,
    Pause,
    Tick,
    advance,
    due_s,
)
from buildopt.watch.round_process import RoundEnd, RoundProcess
from buildopt.watch.screen import Screen
from buildopt.watch.servers import Servers
from buildopt.watch.surroundings import Surroundings
from buildopt.watch.tally import Tally

TICK_S = 1.0
"""How often the clock, the root and the servers are looked at."""
LOCKED_TICK_S = 0.02
"""How often is looked whether git has finished."""
PATIENCE_S = 10.0
"""How long a round that is to be stopped may take before it is told again, with force."""
IGNORE_NAMES = (".gitignore", ".ignore", "exclude")


After = Callable[[RoundEnd], None]


class Manner(NamedTuple):
    """How a session was asked for."""

    root: str
    on_change: OnChange
    once: bool
    show: Callable[[Key], None]
    """Shows what a key asks for: the last run's explanation, report or bundle."""
    after: tuple[After, ...] = ()
    """What is done after each round, quickly: to tell the pages of a browser, for one."""


class Session:
    """One session, from the first round to the end."""

    def __init__(
        self,
        manner: Manner,
        rounds: RoundProcess,
        watcher: Watcher,
        inbox: Inbox,
        screen: Screen,
        tally: Tally,
    ) -> None:
        self._manner, self._rounds = manner, rounds
        self._watcher, self._inbox, self._screen = watcher, inbox, screen
        self._keyboard = Keyboard()
        self._servers = Servers(manner.root, screen.say)
        self._loop = Loop()
        self._tally, self._last = tally, LastRound()
        self._checks = Checks(rounds)
        self._around = Surroundings(manner.root, watcher, screen)
        self._is_ready = self._has_overflown = False
        self._kill_s: float | None = None
        self._exit_code: int | None = None
        self._wanted_end = False

    def run(self) -> int:
        """Watch until the end; the status to exit with."""
        with SignalWatch(own_session=True) as signals, self._keyboard:
            try:
                signals.listen()
                self._watcher.start(self._last.inputs)
                self._happen(Asked())
                while not self._is_over():
                    self._turn(signals)
            finally:
                self._end()
        return self._exit_code or 0

    def _is_over(self) -> bool:
        is_busy = self._loop.phase in ("running", "stopping")
        return not self._rounds.is_alive or (self._wanted_end and not is_busy)

    def _turn(self, signals: SignalWatch) -> None:
        """Wait for something, and let it happen."""
        poll = select.poll()
        for descriptor in (self._inbox.fileno(), self._rounds.fileno(), signals.descriptor):
            poll.register(descriptor, select.POLLIN)
        if self._keyboard.is_on:
            poll.register(STDIN, select.POLLIN)
        ready = dict(poll.poll(self._wait_s() * 1000))
        if signals.descriptor in ready:
            for arrival in signals.arrivals():
                self._signalled(arrival)
        if self._rounds.fileno() in ready:
            self._hear()
        if self._keyboard.is_on and STDIN in ready:
            for key in self._keyboard.pressed():
                self._pressed(key)
        if self._inbox.fileno() in ready:
            self._take(self._inbox.take())
        self._look_around()

    def _wait_s(self) -> float:
        now_s, is_locked = time.monotonic(), self._is_locked()
        moments = [now_s + (LOCKED_TICK_S if is_locked else TICK_S), self._kill_s]
        moments += [due_s(self._loop, is_locked=is_locked), self._servers.next_s()]
        return max(0.0, min(moment for moment in moments if moment is not None) - now_s)

    def _happen(self, happening: Happening) -> None:
        self._loop, order = advance(self._loop, happening, time.monotonic(), self._manner.on_change)
        if order is not None:
            self._obey(order, happening)

    def _obey(self, order: Order, cause: Happening) -> None:
        if order == "check" and self._loop.phase == "running":
            paths = cause.changes.paths if isinstance(cause, Changed) else frozenset()
            self._happen(Checked(self._last.touched(paths)))
        elif order in ("check", "accept"):
            self._checks.ask(accepts=order == "accept")
        elif order == "start":
            self._start(cause)
        elif order == "stop":
            self._screen.say("stopped, as what it reads changed")
            self._rounds.send_signal(signal.SIGTERM)
            self._kill_s = time.monotonic() + PATIENCE_S
        else:
            self._tell_paused()

    def _start(self, cause: Happening) -> None:
        self._screen.hide()
        if self._is_ready:
            differing = cause.differing if isinstance(cause, Checked) else frozenset()
            self._screen.changed(differing, self._manner.root)
        self._screen.event("started")
        self._checks.forget()
        self._rounds.ask_to_run()

    def _hear(self) -> None:
        message = self._rounds.message()
        if isinstance(message, RoundEnd):
            self._round_ended(message)
        elif isinstance(message, Checked):
            is_last = self._checks.is_answered()
            if is_last and self._loop.phase == "checking":  # nobody wished anything else meanwhile
                self._checked(message)

    def _checked(self, checked: Checked) -> None:
        if self._has_overflown:
            self._has_overflown = False
            self._screen.lost(len(checked.differing))
        if self._loop.is_accepting and checked.differing:
            self._screen.ignored(checked.differing, self._manner.root)
        self._happen(checked)

    def _round_ended(self, end: RoundEnd) -> None:
        self._kill_s = None
        self._last = self._last.after(end, self._manner.root)
        if end.result is not None:
            self._tally = self._tally.with_result(end.result, datetime.now())
        if self._manner.once or self._wanted_end:
            self._exit_code = end.exit_code if self._manner.once else 0
            self._wanted_end = True
        else:
            self._watcher.follow(self._last.inputs, is_all=self._last.unknown)
            if self._last.unknown:
                self._drop_told()
        self._tell_end(end)
        if not self._wanted_end and end.exit_code == 0:
            self._servers.set_wanted(end.servers)
        if not self._wanted_end and not self._is_ready:
            self._is_ready = True
            self._screen.ready(self._watcher.coverage(), self._manner.root)
        self._happen(Ended())

    def _tell_end(self, end: RoundEnd) -> None:
        if end.result is not None:
            more = {"then": dict(end.then)} if end.then else {}
            self._screen.event("finished", result=dict(end.result), **more)
        else:
            self._screen.event("finished", result=None, exit_code=end.exit_code)
        self._screen.finished(end.exit_code, self._last.task)
        for do in self._manner.after:
            do(end)

    def _drop_told(self) -> None:
        """What changed during a round of which nobody saw anything may all be its own work."""
        self._watcher.flush()
        self._inbox.take()
        self._checks.forget()

    def _take(self, changes: Changes) -> None:
        if any(os.path.basename(path) in IGNORE_NAMES for path in changes.paths):
            self._watcher.renew_rules()
        paths = frozenset(path for path in changes.paths if self._watcher.may_matter(path))
        self._has_overflown = self._has_overflown or changes.is_overflow
        self._checks.note(paths, is_lost=changes.is_rescan)
        if not self._wanted_end:
            self._servers.hear(paths, time.monotonic())
            self._happen(Changed(changes._replace(paths=paths)))

    def _look_around(self) -> None:
        now_s, is_locked = time.monotonic(), self._is_locked()
        self._servers.look(now_s, is_locked=is_locked)
        self._happen(Tick(is_locked))
        if self._kill_s is not None and now_s >= self._kill_s:
            self._rounds.send_signal(signal.SIGTERM)  # the second time with force
            self._kill_s = now_s + PATIENCE_S
        if self._around.is_root_gone() or not self._is_ready:
            return
        self._around.tell_refused()
        is_due = self._around.has_slept() or now_s >= self._checks.next_s
        if is_due and self._loop.phase == "idle":
            self._around.wake()
            self._happen(Changed(Changes(is_rescan=True)))
        if self._loop.phase in ("idle", "paused"):
            self._screen.wait(self._tally, self._last.since)

    def _signalled(self, arrival: Arrival) -> None:
        if arrival.number == signal.SIGTSTP:
            self._screen.hide()
            self._keyboard.give_back()
            stop_self()
            self._keyboard.resume()
        elif arrival.number == signal.SIGCONT:
            self._keyboard.resume()  # `fg`, after `bg`
        elif arrival.number in ENDING:
            self._end_soon(is_told=arrival.by_kernel)  # then the whole process group was

    def _end_soon(self, *, is_told: bool) -> None:
        """End when the round has ended, which is asked to; the second time with force."""
        if not is_told or self._wanted_end:
            self._rounds.send_signal(signal.SIGTERM)
        self._wanted_end = True
        self._kill_s = time.monotonic() + PATIENCE_S

    def _pressed(self, key: Key) -> None:
        if key == "quit":
            self._end_soon(is_told=False)
        elif key == "run":
            self._happen(Asked())
        elif key == "pause":
            self._happen(Pause())
        else:
            self._screen.hide()
            self._keyboard.give_back()
            self._manner.show(key)
            self._keyboard.resume()

    def _tell_paused(self) -> None:
        names = sorted(self._loop.culprits)
        if names:
            shown = os.path.relpath(names[0], self._manner.root)
            times = f"ran {MOST_SELF_CAUSED} times because of its own file"
            self._screen.say(f"paused: `{self._last.task}` {times} `{shown}`")
            self._screen.hint("press r to run again", slug="paused")
            self._screen.event("paused", paths=names)
        else:
            self._screen.say("paused; p goes on, r runs")
            self._screen.event("paused", paths=[])

    def _is_locked(self) -> bool:
        is_asked = self._loop.phase == "settling" or self._servers.is_settling
        return is_asked and self._around.is_locked()

    def _end(self) -> None:
        self._screen.hide()
        self._servers.stop()
        self._watcher.stop()
        self._rounds.end()
        if not self._rounds.is_alive and self._exit_code is None and not self._wanted_end:
            self._screen.say("the process that runs the tasks was ended")
            self._exit_code = 1
        self._screen.event("stopped")
