"""Runs consumers and workers while the monitor does, each in a thread that waits for nobody else.

    Host(folder, plugins).start()
      pulse      sleeps until the journal has grown; tells of a consumer that is stuck
      consumer…  the steps of one consumer (consumer_loop.py)
      worker…    what one plugin does on the outside (working.py)
    .stop(timeout_s)

A thread that does not end in time is left behind: it can change nothing but its own file, and
what it has not kept is taken up again by the next host.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from buildopt.journal import Journal, source_of
from buildopt.monitor.clock_events import ClockEvents
from buildopt.monitor.consumer import ERROR
from buildopt.monitor.consumer_loop import ConsumerLoop, Progress, Trouble
from buildopt.monitor.growth import Growth
from buildopt.monitor.journal_watch import JournalWatch
from buildopt.monitor.loading import Placed, Plugins
from buildopt.monitor.pace import HostPace, Pace
from buildopt.monitor.process_seat import STUCK_AFTER_S
from buildopt.monitor.working import Working

PULSE_S = 0.1
"""How often at most the journal is looked at for events: a fifth of the half second that an alert
may take."""
LOOK_S = 1.0
"""How often it is looked at although nothing says that it has grown."""
LONGEST_REST_S = 60.0


class Health(NamedTuple):
    """How one consumer of one plugin does."""

    plugin: str
    consumer: str
    progress: Progress


class Host:
    """All consumers of `plugins` on one state folder. Starts and stops once."""

    def __init__(
        self,
        folder: str,
        plugins: Plugins,
        *,
        now_ns: Callable[[], int] = time.time_ns,
        monotonic_s: Callable[[], float] = time.monotonic,
        stuck_after_s: float = STUCK_AFTER_S,
        on_events: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_events` is called when the journal holds new events."""
        self._folder = folder
        self._plugins = plugins
        self._stuck_after_s = stuck_after_s
        self._on_events = on_events
        self._pace = HostPace(now_ns, monotonic_s)
        self._clock = ClockEvents(folder, self._pace)
        self._watch = JournalWatch(folder)
        self._said = Journal(state=os.fsencode(folder), source=source_of("monitor"), run_id="")
        self._saying = threading.Lock()
        self._consumers = [self._consumer(placed) for placed in plugins.consumers()]
        self._stuck: set[str] = set()
        self._workings: list[Working] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin; returns at once."""
        for consumer in self._consumers:
            self._spawn(f"consumer-{consumer.loop.described.name}", consumer.run)
        for plugin, worker in self._plugins.contributions("workers"):
            working = Working(
                self._folder, worker, self._loop_of(worker.consumer), self._plugins, self._pace
            )
            self._workings.append(working)
            self._spawn(f"worker-{worker.name}", partial(working.run, self._sayer(plugin)))
        self._spawn("pulse", self._pulse)

    def stop(self, timeout_s: float = 2.0) -> bool:
        """End in order; whether all threads ended in time."""
        ends_s = time.monotonic() + timeout_s
        self._pace.end()
        self._watch.wake()
        self._wake()
        for working in self._workings:
            working.wake()
        self._join(timeout_s / 2)
        for consumer in self._consumers:
            consumer.interrupt()
        self._join(ends_s - time.monotonic())
        self._plugins.close()
        has_ended = not any(thread.is_alive() for thread in self._threads)
        if has_ended:
            self._watch.close()
        return has_ended

    def health(self) -> tuple[Health, ...]:
        """How each consumer does."""
        return tuple(self._health(consumer.loop) for consumer in self._consumers)

    def is_idle(self) -> bool:
        """Whether no consumer has anything left to do."""
        return all(consumer.loop.is_idle for consumer in self._consumers)

    def _health(self, loop: ConsumerLoop) -> Health:
        progress = loop.progress
        if self._is_stuck(loop):
            progress = progress._replace(status="stuck")
        return Health(loop.described.plugin, loop.described.name, progress)

    def _consumer(self, placed: Placed) -> _ConsumerThread:
        loop = ConsumerLoop(
            self._folder,
            placed.described,
            placed.seat(self._folder),
            self._pace,
            tell_clock=self._clock.tell,
            say=self._sayer(placed.described.name),
        )
        return _ConsumerThread(loop, self._pace)

    def _loop_of(self, name: str) -> ConsumerLoop | None:
        loops = (consumer.loop for consumer in self._consumers)
        return next((loop for loop in loops if loop.described.name == name), None)

    def _spawn(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _join(self, timeout_s: float) -> None:
        ends_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, ends_s - time.monotonic()))

    def _wake(self) -> None:
        for consumer in self._consumers:
            consumer.wake.set()

    def _sayer(self, name: str) -> Callable[[Trouble, str], None]:
        def say(trouble: Trouble, text: str) -> None:
            data = {"plugin": name, "kind": trouble, "error": text}
            with self._saying:
                self._said.emit(
                    ERROR, data, subject=name, severity="error", now_ns=self._pace.now_ns()
                )

        return say

    def _pulse(self) -> None:
        events, samples = Growth(self._folder, "events"), Growth(self._folder, "samples")
        while self._pace.pause(0):
            has_events, has_samples = events.is_new(), samples.is_new()
            if has_events:
                self._on_events()
            if has_events or has_samples:
                self._wake()
            self._tell_stuck()
            if has_events or not self._watch.wait(LOOK_S):
                self._pace.pause(PULSE_S)

    def _tell_stuck(self) -> None:
        for consumer in self._consumers:
            name = consumer.loop.described.name
            if not self._is_stuck(consumer.loop):
                self._stuck.discard(name)
            elif name not in self._stuck:
                self._stuck.add(name)
                self._sayer(name)("stuck", f"no answer in `{self._stuck_after_s:g} s`")

    def _is_stuck(self, loop: ConsumerLoop) -> bool:
        since_s = loop.busy_since_s
        return since_s is not None and self._pace.monotonic_s() - since_s >= self._stuck_after_s


class _ConsumerThread:
    """One consumer in its thread."""

    def __init__(self, loop: ConsumerLoop, pace: Pace) -> None:
        self.loop = loop
        self.wake = threading.Event()
        self._pace = pace

    def run(self) -> None:
        """Step until the end."""
        while self._pace.pause(0):
            self.wake.clear()
            rest_s = self.loop.step_safely()
            if rest_s:
                self.wake.wait(min(rest_s, LONGEST_REST_S))
        self.loop.close()

    def interrupt(self) -> None:
        """Have it fail at what it waits for."""
        self.loop.interrupt()
