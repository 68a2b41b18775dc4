"""Runs that began, and whose process is gone without a word."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import defaultdict
from typing import NamedTuple

from buildopt.journal import own_boot
from buildopt.monitor.rows import Origin

FOREIGN_LOST_AFTER_S = 86_400
"""A run of another machine, whose processes cannot be seen, is lost when it says nothing for so
long; should it end after all, that is what counts."""


class Emitter(NamedTuple):
    """A process that told of a run."""

    origin: Origin
    boot: str
    mono_ns: int
    time_ns: int


class Machine(NamedTuple):
    """What is compared: this machine, its boot, and its clocks now."""

    host: str
    boot: str
    suspended_ns: int
    now_ns: int


def this_machine(now_ns: int) -> Machine:
    """This machine, now."""
    mono_ns = time.monotonic_ns()
    boot_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return Machine(os.uname().nodename, own_boot(), boot_ns - mono_ns, now_ns)


def gone(connection: sqlite3.Connection, machine: Machine) -> dict[str, Origin]:
    """Runs that have not ended, and all of whose processes are gone; each with who told of it."""
    runs: dict[str, list[Emitter]] = defaultdict(list)
    select = (
        "SELECT run, sources.source, environment, machine, boot, mono_ns, time_ns"
        " FROM unfinished JOIN sources ON sources.id = unfinished.source"
    )
    for run, source, environment, kind, boot, mono_ns, time_ns in connection.execute(select):
        runs[run].append(Emitter(Origin(source, environment, kind), boot, mono_ns, time_ns))
    return {
        run: emitters[0].origin
        for run, emitters in runs.items()
        if all(is_gone(each, machine) for each in emitters)
    }


def is_gone(emitter: Emitter, machine: Machine) -> bool:
    """Whether the process that told of a run is no more, as far as can be seen."""
    if emitter.origin.host != machine.host:
        return machine.now_ns - emitter.time_ns > FOREIGN_LOST_AFTER_S * 1_000_000_000
    if emitter.boot and emitter.boot != machine.boot:
        return True
    started_ns = _started_ns(emitter.origin.process_id)
    return started_ns is None or started_ns > emitter.mono_ns + machine.suspended_ns


def _started_ns(process_id: int) -> int | None:
    """When a process began, since boot; None where there is none, or it has ended."""
    try:
        with open(f"/proc/{process_id}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if fields[0] in (b"Z", b"X"):
        return None
    return int(fields[19]) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
