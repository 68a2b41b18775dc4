"""The one order in which all readers go through the journal's files, and where each file ends.

Segments are read by day and host. A clock that goes back, another host and a write at midnight can
append to a file that readers have left. So whoever first sees that a file has a successor seals
it, once and for all readers, live and later:

    STATE/journal/sealed-events-HOST-DAY.log     LENGTH SUCCESSOR
                                                 0 -          of a file that came when its
                                                              place in the order was passed

What stands behind the seal is late: the importer carries it to the end (carrying.py).
"""

from __future__ import annotations

import errno
import os
import time
from typing import NamedTuple

from buildopt.monitor.lines import last_line_end
from buildopt.monitor.position import NOWHERE, Place, Segment, segment_of

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
_SETTLED_NS = 2_000_000_000
"""A folder's time of change that is so old tells of a later change; some have steps of a second."""


class Seal(NamedTuple):
    """Where a file ends for its readers, and what follows; no successor where it is no part."""

    length_bytes: int
    successor: Segment | None

    @property
    def is_aside(self) -> bool:
        """Whether readers never come to this file."""
        return self.successor is None


class Chain:
    """The files of one stem, as they were when `look` was called last.

    One that may not seal (`seals=False`) reads what nobody has sealed as far as it goes.
    """

    def __init__(self, folder: str, stem: str, *, seals: bool = True) -> None:
        self.journal = os.path.join(folder, "journal")
        self.stem = stem
        self.sizes: dict[Segment, int] = {}
        self._listed_ns = 0
        self._may_seal = seals
        self._seals: dict[Segment, Seal] = {}
        self._is_full = False
        """Whether no seal could be written for want of room."""

    def look(self, *, all_sizes: bool = False) -> None:
        """Take in which files there are, as of one moment, and how long the last one is.

        How long the others are is taken in when a file comes or goes, or by `all_sizes`.
        """
        changed_ns = self._changed_ns()
        if changed_ns and changed_ns == self._listed_ns:
            last = max(self.sizes, default=None)
            asked = self.sizes if all_sizes else filter(None, (last,))
            sizes = {segment: self._size(segment) for segment in asked}
            if changed_ns == self._changed_ns():
                self.sizes |= sizes
                return
        self._take_stock()
        is_settled = time.time_ns() - changed_ns > _SETTLED_NS
        self._listed_ns = changed_ns if is_settled else 0

    def _take_stock(self) -> None:
        found, known = self._list(), None
        while found != known:  # so that no file was there before another's length was taken
            sizes = {segment: self._size(segment) for segment in found}
            known, found = found, self._list()
        self.sizes = sizes

    def end(self) -> Place:
        """Behind all that is there: the length of the last segment."""
        last = max(self.sizes, default=None)
        return Place(last, self.sizes[last]) if last else NOWHERE

    def path(self, segment: Segment) -> str:
        """The file of a segment."""
        return os.path.join(self.journal, segment.file_name(self.stem))

    def seal_path(self, segment: Segment) -> str:
        """The file that seals a segment."""
        return os.path.join(self.journal, f"sealed-{segment.file_name(self.stem)}")

    def end_of(self, segment: Segment) -> int:
        """How far a segment is read."""
        size = self.sizes.get(segment, 0)
        seal = self._sealed(segment)
        return min(size, seal.length_bytes) if seal else size

    def after(self, segment: Segment) -> Segment | None:
        """The segment that is read behind this one; None where this is the last one."""
        seal = self._sealed(segment)
        if seal and seal.successor in self.sizes:
            return seal.successor
        if seal is None and self._is_full:
            return None  # where the file ends must stand before anybody leaves it
        return next((each for each in self._behind(segment) if not self._is_aside(each)), None)

    def seal_of(self, segment: Segment) -> Seal | None:
        """The seal that somebody has put on a segment."""
        if segment not in self._seals:
            seal = self._read_seal(segment)
            if seal is None:
                return None
            self._seals[segment] = seal
        return self._seals[segment]

    def put_aside(self, segment: Segment) -> None:
        """Say of a file whose place in the order is passed that nobody comes to it."""
        self._write_seal(segment, b"0 -\n")

    def _sealed(self, segment: Segment) -> Seal | None:
        """The seal of a segment, made now where it has a successor and nobody has sealed it."""
        seal = self.seal_of(segment)
        if seal or segment not in self.sizes or not self._may_seal:
            return seal
        successor = next((s for s in self._behind(segment) if not self._is_aside(s)), None)
        if successor is None:
            return None
        self._write_seal(segment, b"%d %s\n" % (self._whole_bytes(segment), _text(successor)))
        return self.seal_of(segment)

    def _is_aside(self, segment: Segment) -> bool:
        seal = self.seal_of(segment)
        return seal is not None and seal.is_aside

    def _behind(self, segment: Segment) -> list[Segment]:
        return sorted(each for each in self.sizes if each > segment)

    def _changed_ns(self) -> int:
        """When a file came or went last; 0 where that cannot be told."""
        try:
            return os.stat(self.journal).st_mtime_ns
        except OSError:
            return 0

    def _list(self) -> list[Segment]:
        try:
            names = os.listdir(self.journal)
        except OSError:
            return []
        return sorted(filter(None, (segment_of(name, self.stem) for name in names)))

    def _size(self, segment: Segment) -> int:
        try:
            return os.stat(self.path(segment)).st_size
        except OSError:
            return 0

    def _whole_bytes(self, segment: Segment) -> int:
        try:
            descriptor = os.open(self.path(segment), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return 0
        try:
            return last_line_end(descriptor, self.sizes[segment])
        finally:
            os.close(descriptor)

    def _read_seal(self, segment: Segment) -> Seal | None:
        try:
            with open(self.seal_path(segment), encoding="utf-8") as file:
                length, name = file.read().split()
        except (OSError, ValueError):
            return None
        successor = None if name == "-" else Segment(*name.split(",", 1))
        return Seal(int(length), successor) if length.isdecimal() else None

    def _write_seal(self, segment: Segment, words: bytes) -> None:
        """Publish a seal unless there is one; without effect where nothing can be written."""
        path = self.seal_path(segment)
        temporary = os.path.join(self.journal, f".sealed.buildopt-{os.urandom(6).hex()}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            descriptor = os.open(temporary, flags, 0o600)
        except OSError as error:
            self._is_full = error.errno in _NO_ROOM
            return
        try:
            self._is_full = os.write(descriptor, words) != len(words)
            if not self._is_full:
                os.link(temporary, path)
        except OSError as error:  # or sealed by another
            self._is_full = error.errno in _NO_ROOM
        finally:
            os.close(descriptor)
            os.unlink(temporary)


def _text(segment: Segment) -> bytes:
    return f"{segment.day},{segment.host}".encode()
