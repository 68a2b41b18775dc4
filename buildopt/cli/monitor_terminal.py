"""What `buildopt monitor` tells on a terminal while it runs: runs that end, and its own troubles.

Alerts are told by their console channel. The thread ends with the process.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Thread

from buildopt.cli.event_lines import line_of
from buildopt.cli.words import tell
from buildopt.monitor.growth import Growth
from buildopt.monitor.stream import Reader

TYPES = (
    "buildopt.run.finished", "buildopt.run.lost", "buildopt.health.changed",
    "buildopt.plugin.error", "buildopt.index.rebuilt", "buildopt.journal.lines_skipped",
)  # fmt: skip
PERIOD_S = 0.5
_BATCH = 500


class Telling:
    """Follows the events of a state folder from now on."""

    def __init__(self, state: str) -> None:
        self._reader = Reader(state, seals=False, samples=False)
        self._position = self._reader.end()
        self._growth = Growth(state, "events")
        self._end = Event()

    def start(self) -> None:
        """Begin to tell."""
        Thread(target=self._run, name="terminal", daemon=True).start()

    def stop(self) -> None:
        """Tell nothing more."""
        self._end.set()

    def tell_new(self) -> None:
        """Tell what came since the last call."""
        while True:
            records, self._position = self._reader.read_records(self._position, _BATCH)
            for record in records:
                if record.envelope.type in TYPES:
                    tell(line_of(record.envelope))
            if not records:
                return

    def _run(self) -> None:
        while not self._end.wait(PERIOD_S):
            with suppress(OSError):
                if self._growth.is_new():
                    self.tell_new()
