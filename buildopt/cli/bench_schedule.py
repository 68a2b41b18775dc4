"""Does something each day at a time of day, for as long as the monitor runs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from buildopt.cache import locks
from buildopt.cli.words import tell, tell_error
from buildopt.errors import BuildoptError, UsageError
from buildopt.monitor.place import lock_path

LOOK_S = 1.0
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class Clock(NamedTuple):
    """The wall clock of this place, and how to let time pass."""

    now: Callable[[], datetime] = datetime.now
    wait: Callable[[float], None] = time.sleep


REAL = Clock()


def each_day(state: str, at: str, work: Callable[[], None], clock: Clock = REAL) -> int:
    """Wait for the time of day, work, wait for the next; 0 when the monitor has ended."""
    found = _TIME.fullmatch(at)
    if not found:
        raise UsageError(f"`{at}` is no time of day", hint="write 03:30", slug="usage")
    if not _is_running(state):
        raise UsageError(
            f"no monitor of `{state}` runs",
            hint="start `buildopt monitor` first: the schedule lasts as long as it does",
            slug="no-monitor",
        )
    while True:
        due = next_time(clock.now(), int(found[1]), int(found[2]))
        tell(f"buildopt: waiting until {due:%Y-%m-%d %H:%M}")
        while clock.now() < due:
            if not _is_running(state):
                tell("buildopt: the monitor has ended, and so has the schedule")
                return 0
            clock.wait(LOOK_S)
        try:
            work()
        except BuildoptError as error:  # a version that does not build: tomorrow again
            tell_error(error.message, error.hint, error.slug)


def next_time(now: datetime, hour: int, minute: int) -> datetime:
    """The next moment with that time of day."""
    due = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return due if due > now else due + timedelta(days=1)


def _is_running(state: str) -> bool:
    """Whether a monitor holds its lock."""
    lock = locks.try_acquire(lock_path(state))
    if lock is None:
        return True
    if lock >= 0:
        locks.release(lock)
    return False
