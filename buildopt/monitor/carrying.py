"""Carries late records to the end of the journal, so that every reader comes to them, once.

Late is what stands behind the seal of its segment (chain.py): written at midnight, by a host whose
clock went back, or by one whose name sorts before another's. It is appended to the last segment as
it was, with `carried` telling where it stood. The importer, which alone carries, has read that
mark before it carries again; so nothing is carried twice, whenever it is killed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from buildopt import journal_line
from buildopt.monitor import sample_lock
from buildopt.monitor.chain import Chain
from buildopt.monitor.lines import Line, scan
from buildopt.monitor.position import Place, Segment
from buildopt.monitor.records import parse
from buildopt.monitor.samples import STEM as SAMPLES


class Carried(NamedTuple):
    """How far the late lines of a segment were looked at, and how many were records, or none."""

    segment: Segment
    end_bytes: int
    records: int
    no_records: int


def carry(chain: Chain, here: Segment, known: Mapping[Segment, int]) -> list[Carried]:
    """Carry what is late in segments before `here`; `known` is how far each was carried."""
    chain.look(all_sizes=True)
    done = []
    for segment in sorted(each for each in chain.sizes if each < here):
        seal = chain.seal_of(segment)
        if seal is None:
            chain.put_aside(segment)
            seal = chain.seal_of(segment)
        if seal is None:
            continue  # nothing can be written now
        start = max(seal.length_bytes, known.get(segment, 0))
        if start < chain.sizes[segment]:
            done.append(_carry_segment(chain, Place(segment, start)))
    return done


def marks(carried: str) -> Iterator[Place]:
    """Where a record stood before it was carried, each time."""
    for text in carried.split():
        try:
            yield Place.parse(text)
        except ValueError:
            continue


def _carry_segment(chain: Chain, start: Place) -> Carried:
    segment, end, records, no_records = start.segment, start.offset_bytes, 0, 0
    for line in _lines(chain, start):
        payload = _marked(line, Place(segment, line.end_bytes))
        if payload is None:
            no_records += 1
        elif _append(chain, payload):
            records += 1
        else:
            break
        end = line.end_bytes
    return Carried(segment, end, records, no_records)


def _lines(chain: Chain, start: Place) -> Iterable[Line]:
    segment, offset = start
    try:
        descriptor = os.open(chain.path(segment), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        yield from scan(descriptor, offset, chain.sizes[segment])
    finally:
        os.close(descriptor)


def _marked(line: Line, place: Place) -> dict[str, object] | None:
    """The record with the mark of where it stood; None for what is no record."""
    if line.trouble:
        return None
    try:
        parse(line.payload)
    except ValueError:
        return None
    record: dict[str, object] = json.loads(line.payload)
    before = record.get("carried", "")
    return {**record, "carried": f"{before} {place}".lstrip()}


def _append(chain: Chain, record: dict[str, object]) -> bool:
    folder = os.path.dirname(chain.journal)
    chain_path = os.fsencode(chain.path(max(chain.sizes)))
    if chain.stem != SAMPLES:
        return journal_line.append(chain_path, _json(record))
    with sample_lock.exclusive(folder):
        events = Chain(folder, "events", seals=False)
        events.look()
        return journal_line.append(chain_path, _json({**record, "after": str(events.end())}))


def _json(record: dict[str, object]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode("ascii")
