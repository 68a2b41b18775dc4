"""The journal: events appended by whoever runs, followed by whoever reads.

One file per host and UTC day, in the form of `journal_line.py`. Appending never blocks or
fails a build: what cannot be written is counted, kept in memory for a second try with the
next event, and told in `run.finished`.
"""

from __future__ import annotations

import os
import time
from binascii import crc32
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from buildopt import hit, journal_line
from buildopt.events import Event, EventData, Severity, data_of, decode, encode, severity_of
from buildopt.secrets_found import Secrets, masked

DAY_NS = 86_400 * 1_000_000_000
RING_EVENTS = 1_024
"""Events held in memory while the journal cannot be written; the oldest go first."""


@dataclass(slots=True, kw_only=True)
class Journal:
    """The events of one process, of one run; the values of `secrets` are masked in them."""

    state: bytes
    source: str
    run_id: str
    secrets: Secrets = field(default_factory=dict)
    environment: str = ""
    machine: str = ""
    """See `deployment.py`."""
    part: str = ""
    """Of a call with many tasks: the one whose process this is."""
    counter: int = 0
    unfit: int = 0
    _day: int = -1
    _path: bytes = b""
    _waiting: deque[bytes] = field(default_factory=lambda: deque(maxlen=RING_EVENTS))

    def append(self, record: EventData, *, subject: str = "", now_ns: int | None = None) -> Event:
        """Emit one event; never raises for a journal that cannot be written."""
        severity = severity_of(record)
        return self.emit(
            record.type, data_of(record), subject=subject, severity=severity, now_ns=now_ns
        )

    def emit(
        self,
        kind: str,
        data: Mapping[str, Any],  # Any: JSON
        *,
        subject: str = "",
        severity: Severity = "info",
        time_ns: int = 0,
        now_ns: int | None = None,
    ) -> Event:
        """The same for one of any type, which may have happened earlier, at `time_ns`."""
        now_ns = time.time_ns() if now_ns is None else now_ns
        self.counter += 1
        event = Event(
            id=journal_line.uuid7(now_ns, os.urandom(10)),
            time_ns=time_ns or now_ns,
            mono_ns=_mono_ns(now_ns - time_ns if time_ns else 0),
            boot=own_boot(),
            type=kind,
            source=self.source,
            subject=masked(subject, self.secrets),
            run=self.run_id,
            n=self.counter,
            data=masked(data, self.secrets),
            severity=severity,
            environment=self.environment,
            machine=self.machine,
        )
        try:
            self._write(encode(event), now_ns)
        except ValueError:  # no JSON, or too long whatever was cut of it
            self.unfit += 1
        return event

    @property
    def active_id(self) -> str:
        """What tells this run's commands from all others' (`BUILDOPT_ACTIVE`)."""
        return f"{self.run_id}.{self.part}" if self.part else self.run_id

    @property
    def lost_events(self) -> int:
        """Events that no journal has taken so far."""
        return len(self._waiting) + self.unfit

    def _write(self, payload: bytes, now_ns: int) -> None:
        self._waiting.append(payload)
        day = now_ns // DAY_NS
        if day != self._day:
            self._day, self._path = day, journal_line.segment_path(self.state, now_ns)
        while self._waiting:
            if not self.state or not journal_line.append(self._path, self._waiting[0]):
                return
            self._waiting.popleft()


def _mono_ns(ago_ns: int) -> int:
    """The monotonic clock so long ago; 0, which says nothing, for what was before the boot."""
    return max(0, time.monotonic_ns() - ago_ns)


@cache
def own_boot() -> str:
    """Hash of the boot that this process lives in."""
    return hit.boot_hash().decode()


def source_of(project: str) -> str:
    """CloudEvents' source of this process: `/host/project/process`."""
    return f"/{os.uname().nodename}/{project}/{os.getpid()}"


def segments(state: bytes, stem: str = "events") -> list[str]:
    """Paths of the journal's files, oldest day first."""
    folder = os.path.join(os.fsdecode(state), "journal")
    try:
        names = [name for name in os.listdir(folder) if name.startswith(f"{stem}-")]
    except OSError:
        return []
    return [os.path.join(folder, name) for name in sorted(names, key=lambda name: name[-12:])]


def read(path: str, offset: int = 0, kind: str = "") -> Iterator[Event]:
    """Events of one segment from a byte offset on, of one type or of all; what is torn or damaged
    is passed over.
    """
    mark = kind.encode()
    with open(path, "rb") as segment:
        segment.seek(offset)
        while line := segment.readline():
            if mark not in line:
                continue
            payload = _payload(line)
            if payload is None:
                continue
            try:
                event = decode(payload, f"{os.path.basename(path)}:{segment.tell()}")
            except ValueError:
                continue
            if kind in ("", event.type):
                yield event


def read_backwards(state: bytes, kind: str = "") -> Iterator[Event]:
    """All events, of one type or of all, newest first, for those who need only the last ones."""
    for path in reversed(segments(state)):
        yield from reversed(list(read(path, kind=kind)))


def _payload(line: bytes) -> bytes | None:
    parts = line.rstrip(b"\n").split(b" ", 2)
    if len(parts) != 3 or not parts[0].isdigit():
        return None
    payload = parts[2]
    if len(payload) != int(parts[0]) or b"%08x" % crc32(payload) != parts[1]:
        return None
    return payload
