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
        self._rows = plugin_file_reading.Rows(self._path)
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

    @cached_property
    def folder(self) -> str:
        """A folder of the consumer's own beside its file."""
        path = f"{os.path.splitext(self._path)[0]}.files"
        os.makedirs(path, 0o700, exist_ok=True)
        return path

    def run(self, say: Callable[[Trouble, str], None]) -> None:
        """Work; a worker that raises is named and begins again."""
        while self._pace.pause(0):
            try:
                self._worker.run(self)
                self._rows.close()
                return
            except (Exception, SystemExit) as error:  # noqa: BLE001  # the plugin's own code
                self._rows.close()
                say("worker", told(error))
                self._pace.pause(AGAIN_S)

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """Rows of the consumer's tables as last committed; none while there is no file."""
        try:
            return self._rows.read(sql, parameters)
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
        if self._pace.pause(0):
            self._kept.wait(timeout_s)
            self._kept.clear()
        return self._pace.pause(0)
