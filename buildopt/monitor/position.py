"""Where a reader of the stream stands: a place among the events and one among the samples.

    20261129,host,000000004711/20261129,host,000000000815

A place is a segment (UTC day and host) and a byte offset in it; both places only ever grow along
the stream, so that positions, and their texts, are in the order in which everybody reads: an
offset has twelve digits, since a segment of a day stays below a terabyte.
"""

from __future__ import annotations

from typing import NamedTuple


class Segment(NamedTuple):
    """One journal file: the records of a host and UTC day; in the order of reading."""

    day: str
    host: str

    def file_name(self, stem: str) -> str:
        """Its name in the folder of the journal, of events or samples."""
        return f"{stem}-{self.host}-{self.day}.log"


class Place(NamedTuple):
    """A byte offset in a segment; the empty one is before everything."""

    segment: Segment
    offset_bytes: int = 0

    def __str__(self) -> str:
        segment, offset = self
        return f"{segment[0]},{segment[1]},{offset:012}" if segment[0] else ""

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place of a text; raises ValueError for what is none."""
        if not text:
            return NOWHERE
        day, host, offset = text.split(",")
        if not (day.isdecimal() and len(day) == 8 and host and offset.isdecimal()):
            raise ValueError(f"not a place in the journal: {text!r}")
        return cls(Segment(day, host), int(offset))


NOWHERE = Place(Segment("", ""))


class Position(NamedTuple):
    """Behind the last event and the last sample that were read."""

    events: Place = NOWHERE
    samples: Place = NOWHERE

    def __str__(self) -> str:
        return f"{self.events}/{self.samples}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """The position of a text; raises ValueError for what is none."""
        events, mark, samples = text.partition("/")
        if not mark:
            raise ValueError(f"not a position in the journal: {text!r}")
        return cls(Place.parse(events), Place.parse(samples))


START = Position()


def segment_of(file_name: str, stem: str) -> Segment | None:
    """The segment of a file of the journal's folder; None where it is no segment of that stem."""
    if not (file_name.startswith(f"{stem}-") and file_name.endswith(".log")):
        return None
    host, mark, day = file_name[len(stem) + 1 : -4].rpartition("-")
    if not (mark and host and len(day) == 8 and day.isdecimal() and day.isascii()):
        return None
    return Segment(day, host)
