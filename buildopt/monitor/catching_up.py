"""Has one consumer take what the journal holds, for a command that asks what it knows.

Where a monitor runs, its consumer does that and is waited for; else it is done here, in the same
steps, and what the consumer returns is in the journal as if a monitor had run.
"""

from __future__ import annotations

import os
import threading
import time

from buildopt.journal import Journal, source_of
from buildopt.monitor.clock_events import ClockEvents
from buildopt.monitor.consumer import ERROR, is_wanted
from buildopt.monitor.consumer_loop import ConsumerLoop, Trouble
from buildopt.monitor.loading import Placed
from buildopt.monitor.plugin_file import path_of
from buildopt.monitor.plugin_file_reading import read_standing
from buildopt.monitor.position import START, Position
from buildopt.monitor.stream import Reader

WAIT_S = 10.0
"""A monitor looks some times a second; after so long it is stuck, or far behind."""
LOOK_S = 0.05
READ_EVENTS = 2_000


class _Clocks:
    """The real clocks, and an end when the time is over."""

    def __init__(self) -> None:
        self._ended = threading.Event()

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_s(self) -> float:
        return time.monotonic()

    def pause(self, timeout_s: float) -> bool:
        return not self._ended.wait(timeout_s)


def catch_up(folder: str, placed: Placed) -> str:
    """Take in what is there; why that could not be done, in words, or nothing."""
    os.makedirs(os.path.join(folder, "plugins"), mode=0o700, exist_ok=True)
    clocks, described = _Clocks(), placed.described
    journal = Journal(state=os.fsencode(folder), source=source_of("monitor"), run_id="")

    def say(trouble: Trouble, text: str) -> None:
        data = {"plugin": described.plugin, "kind": trouble, "error": text}
        journal.emit(ERROR, data, subject=described.plugin, severity="error")

    tell_clock = ClockEvents(folder, clocks).tell
    loop = ConsumerLoop(
        folder, described, placed.seat(folder), clocks, tell_clock=tell_clock, say=say
    )
    try:
        while loop.step() == 0:
            pass
        if loop.progress.status == "running":
            return ""
        is_held = loop.progress.status == "waiting" and not loop.progress.last_error
    finally:
        loop.close()
    return _wait(folder, placed) if is_held else loop.progress.last_error or "it is set aside"


def _wait(folder: str, placed: Placed) -> str:
    """Wait for the consumer of a running monitor."""
    ends_s = time.monotonic() + WAIT_S
    while time.monotonic() < ends_s:
        if _is_behind_all(folder, placed):
            return ""
        time.sleep(LOOK_S)
    return f"the monitor has not taken all events within {WAIT_S:g} s"


def _is_behind_all(folder: str, placed: Placed) -> bool:
    """Whether the journal has nothing for the consumer behind where that stands."""
    described = placed.described
    try:
        kept = read_standing(path_of(folder, described.name)).position
    except OSError:
        return False
    reader, place = Reader(folder, seals=False), Position.parse(kept) if kept else START
    while True:
        stored, place = reader.read(place, READ_EVENTS)
        if any(is_wanted(described.types, described.source, each.event) for each in stored):
            return False
        if not stored:
            return True
