"""What a worker of a plugin has while it runs: its consumer's tables, its word, and when to end."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from buildopt.events import Event
from buildopt.journal import Journal, source_of
from buildopt.monitor import plugin_file, plugin_file_reading
from buildopt.monitor.consumer_loop import ConsumerLoop, Trouble
from buildopt.monitor.hookspecs import NotificationChannel, Worker
from buildopt.monitor.loading import Plugins
from buildopt.monitor.pace import Pace
from buildopt.monitor.seat import told

AGAIN_S = 10.0
"""Until a worker that raised is started again."""
LOOK_S = 1.0
"""How soon a waiting worker sees that it is to end, if nobody wakes it."""


class Working:
    """One worker, run again and again until the host ends."""

    def __init__(
        self,
        folder: str,
        worker: Worker,
        loop: ConsumerLoop | None,
        plugins: Plugins,
        pace: Pace,
    ) -> None:
        self._path = plugin_file.path_of(folder, worker.consumer)
        self._worker = worker
        self._plugins = plugins
        self._pace = pace
        self._journal = Journal(
            state=os.fsencode(folder), source=source_of(f"worker-{worker.name}"), run_id=""
        )
        self._kept = threading.Event()
        if loop is not None:
            loop.listeners.append(self._kept)

    def wake(self) -> None:
        """Have it look whether it is time to end."""
        self._kept.set()

    @cached_property
    def channels(self) -> Mapping[str, NotificationChannel]:
        """The notification channels of all plugins, by name."""
        found = self._plugins.contributions("notification_channels")
        return {each.thing.name: each.thing for each in found}

    def run(self, say: Callable[[Trouble, str], None]) -> None:
        """Work; a worker that raises is named and begins again."""
        while self._pace.pause(0):
            try:
                self._worker.run(self)
                return
            except (Exception, SystemExit) as error:  # noqa: BLE001  # the plugin's own code
                say("worker", told(error))
                self._pace.pause(AGAIN_S)

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """Rows of the consumer's tables as last committed; none while there is no file."""
        try:
            with plugin_file_reading.read_only(self._path) as connection:
                return connection.execute(sql, parameters).fetchall()
        except FileNotFoundError:
            return ()

    def emit(self, event: Event) -> None:
        """Write an event, which comes back to the consumer."""
        self._journal.run_id = event.run
        self._journal.emit(
            event.type,
            event.data,
            subject=event.subject,
            severity=event.severity,
            time_ns=event.time_ns,
        )

    def wait(self, timeout_s: float) -> bool:
        """Sleep until there is news, for that long at most; False when it is time to end."""
        ends_s = self._pace.monotonic_s() + timeout_s
        while self._pace.pause(0):
            left_s = ends_s - self._pace.monotonic_s()
            if self._kept.wait(max(0.0, min(left_s, LOOK_S))) or left_s <= 0:
                self._kept.clear()
                return self._pace.pause(0)
        return False
