"""One line of the journal as a checked record: its envelope, and its data as an object.

What is no event raises ValueError whatever was written there: other types than the envelope's,
nesting without end, numbers beyond 64 bits. Half pairs of UTF-16, by which names of files that
are no UTF-8 are written, are let through.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, NamedTuple, get_args

import msgspec

from buildopt.events import SCHEMA, Event, Severity
from buildopt.monitor.position import Position

Whole = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""What SQLite can hold and no clock or counter of ours exceeds."""
Name = Annotated[str, msgspec.Meta(min_length=1)]
_SEVERITIES = get_args(Severity)


class Envelope(msgspec.Struct, gc=False):
    """What is around the data. `after` is where a sample stands among the events (samples.py);
    `carried` is where a record stood that came too late for its own segment (carrying.py).
    """

    id: Name
    type: Name
    time: Whole
    source: Name
    data: dict[str, Any]  # Any: JSON
    mono: Whole = 0
    boot: str = ""
    run: str = ""
    n: Whole = 0
    subject: str = ""
    parent: str = ""
    severity: str = "info"
    schema: Whole = SCHEMA
    environment: str = ""
    machine: str = ""
    after: str = ""
    carried: str = ""


class Record(NamedTuple):
    """One event or sample: where it ends, and what it says."""

    position: Position
    envelope: Envelope

    def event(self) -> Event:
        """The event as consumers get it."""
        told = self.envelope
        return Event(
            id=told.id,
            time_ns=told.time,
            mono_ns=told.mono,
            boot=told.boot,
            type=told.type,
            source=told.source,
            run=told.run,
            n=told.n,
            data=told.data,
            subject=told.subject,
            parent=told.parent,
            severity=told.severity if told.severity in _SEVERITIES else "info",  # type: ignore[arg-type]  # checked
            schema=told.schema,
            environment=told.environment,
            machine=told.machine,
            position=str(self.position),
        )


_ENVELOPE = msgspec.json.Decoder(Envelope)


def parse(payload: bytes) -> Envelope:
    """The envelope and data of one line; raises ValueError for what is no event."""
    try:
        return _ENVELOPE.decode(payload)
    except msgspec.MsgspecError as error:
        if b"\\u" not in payload:
            raise ValueError(str(error)) from error
        return _parse_leniently(payload)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _parse_leniently(payload: bytes) -> Envelope:
    """The same by the standard library, which takes half pairs of UTF-16."""
    try:
        return msgspec.convert(json.loads(payload), Envelope)
    except (RecursionError, msgspec.MsgspecError) as error:
        raise ValueError(str(error)) from error


def json_of(value: Any) -> bytes:  # Any: JSON
    """Compact JSON of what was read, half pairs of UTF-16 included."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")
