"""Tells what an access log says was served: a follower, a parser and windows, led by whoever polls.

    look   lines -> windows; what was written a while ago (we were not there) by its own time
    tell   windows -> journal; then the spot is kept, so that the next one goes on behind it

A kill between the two tells at most the last two seconds a second time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b

from buildopt.cache import files
from buildopt.serving.access_lines import Format, Served, parse
from buildopt.serving.follower import NOWHERE, Follower, Spot
from buildopt.serving.routes import template_of
from buildopt.serving.served_event import journal_for, tell
from buildopt.serving.window import Key, Window

FOLDER = "tails"
"""Of the state folder: `{"device", "inode", "offset_bytes", "head"}` for each file."""
PRESENT_S = 30.0
"""What was written so shortly ago counts as now: servers hold lines back in buffers."""
SLOT_S = 60
LONGEST_AGO_S = 7 * 86_400.0
LONGEST_LOOK_S = 5.0
"""The rest of a large file waits for the next look, so that what was read is told meanwhile."""


class Tailing:
    """One access log."""

    def __init__(
        self, path: str, form: Format, service: str, environ: Mapping[str, str],
        *, from_start: bool = False,
    ) -> None:  # fmt: skip
        """`from_start`: what stands in a file of which nothing is remembered is told too."""
        self.service = service
        self.read_lines = 0
        self.unread_lines = 0
        """Lines that are no requests."""
        self._form = form
        self.journal = journal_for(environ, service)
        self._place = _place(os.fsdecode(self.journal.state), path)
        self._follower = Follower(path, _spot(self._place), from_start=from_start)
        self._windows: dict[int, Window] = {}
        """By when they ended, seconds since 1970; 0 is now."""
        self._kept = self._follower.spot

    def look(self, now_s: float) -> int:
        """Count what has come since; how many lines. Raises OSError for an absent file."""
        seen, ends_s = 0, time.monotonic() + LONGEST_LOOK_S
        while time.monotonic() < ends_s:
            before = seen
            for line in self._follower.poll():
                seen += 1
                self._count(line, now_s)
            if seen == before:
                break
        return seen

    def tell(self) -> int:
        """Append what was counted to the journal; how many bytes of rows that were."""
        total = 0
        for end_s, window in sorted(self._windows.items()):
            total += tell(self.journal, self.service, window.take(), time_ns=end_s * 1_000_000_000)
        self._windows = {0: self._windows[0]} if 0 in self._windows else {}
        if not self.journal.lost_events and self._follower.spot != self._kept:
            self._kept = self._follower.spot
            _keep(self._place, self._kept)
        return total

    def close(self) -> None:
        """Let go of the file."""
        self._follower.close()

    def _count(self, line: str, now_s: float) -> None:
        served = parse(line, self._form)
        if served is None:
            self.unread_lines += bool(line.strip())
            return
        self.read_lines += 1
        self._window(served, now_s).add(_key(served), served.duration_s)

    def _window(self, served: Served, now_s: float) -> Window:
        ago_s = now_s - (now_s if served.time_s is None else served.time_s)
        end_s = 0
        if PRESENT_S < ago_s < LONGEST_AGO_S:
            end_s = int(now_s - ago_s) // SLOT_S * SLOT_S + SLOT_S - 1
        return self._windows.setdefault(end_s, Window())


def _key(served: Served) -> Key:
    return Key(served.method, served.route or template_of(served.path), served.status)


def _place(state: str, path: str) -> str:
    name = blake2b(os.fsencode(os.path.abspath(path)), digest_size=8).hexdigest()
    return os.path.join(state, FOLDER, f"{name}.json") if state else ""


def _spot(place: str) -> Spot:
    """What was kept; nothing where that is damaged."""
    try:
        with open(place, encoding="ascii") as file:
            raw = json.loads(file.read())
        return Spot(
            int(raw["device"]), int(raw["inode"]), int(raw["offset_bytes"]), str(raw["head"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return NOWHERE


def _keep(place: str, spot: Spot) -> None:
    """A folder that cannot be written costs the place alone: the next one begins at the end."""
    with suppress(OSError):
        files.publish(place, json.dumps(spot._asdict()).encode())
