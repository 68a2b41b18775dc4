"""Tells what a window counted, as events `buildopt.http.served`, from a thread of its own.

    request ─> window ─> every 2 to 20 s, only where something came ─> one line in the journal

The longer a line, the longer until the next, so that a process appends about a kilobyte a second
whatever its traffic. A journal that cannot be written is said once and tried again; requests never
notice. A forked process begins with a window and a thread of its own.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections.abc import Callable, Mapping

from buildopt.journal import Journal
from buildopt.serving.served_event import journal_for, tell
from buildopt.serving.window import MOST_ROUTES, Taken, Window

SHORTEST_S = 2.0
LONGEST_S = 20.0
"""Less than the 30 s after which a silent source counts as gone (docs/alerts.md)."""
BYTES_PER_S = 1_000
SERVICE = "OTEL_SERVICE_NAME"
"""OpenTelemetry's variable."""
log = logging.getLogger("buildopt")


class Teller:
    """Tells the counts of one service, for as long as the process lives."""

    def __init__(self, service: str = "", *, environ: Mapping[str, str] | None = None) -> None:
        """`service` is OpenTelemetry's `service.name`; else a variable's, else the folder's."""
        self._environ = os.environ if environ is None else environ
        self.service = service or self._environ.get(SERVICE, "") or _folder_name()
        self._said: set[str] = set()
        self._begin()
        _alive.add(self)

    @property
    def window(self) -> Window:
        """Where requests are counted."""
        return self._window

    def wake(self) -> None:
        """Something was counted: it is told soon. Called with each request."""
        if not self._news.is_set():
            self._news.set()
            if self._thread is None:
                self._start()

    def flush(self) -> int:
        """Tell now what was counted; how many bytes that were."""
        with self._telling:
            taken = self._window.take()
            return self._tell(taken) if taken.counts else 0

    def flush_guarded(self) -> int:
        """The same for those who must not fail."""
        try:
            return self.flush()
        except Exception as error:  # noqa: BLE001  # a promise: our trouble is nobody else's
            self._say_once("broken", f"requests are not told: {type(error).__name__}: {error}")
            return 0

    def stop(self) -> None:
        """Tell what is left, and end the thread."""
        self._end.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(LONGEST_S)
        self.flush()

    def _begin(self) -> None:
        """A window, a thread and a journal of this very process."""
        self._window = Window()
        self._news, self._end = threading.Event(), threading.Event()
        self._telling, self._starting = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._journal: Journal | None = None

    def _start(self) -> None:
        with self._starting:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="buildopt-requests", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # no thread can be had: it is told at the end
                self._say_once("no-thread", f"requests are counted and not told: {error}")
            self._thread = thread

    def _run(self) -> None:
        wait_s = SHORTEST_S
        while not self._end.is_set():
            self._news.wait()
            self._end.wait(wait_s)
            self._news.clear()
            wait_s = self._pause_s(self.flush_guarded())

    def _pause_s(self, told_bytes: int) -> float:
        """Until the next line; long while lines wait, so that 1,024 of them are hours."""
        if self._journal is not None and self._journal.lost_events:
            return LONGEST_S
        return min(LONGEST_S, max(SHORTEST_S, told_bytes / BYTES_PER_S))

    def _tell(self, taken: Taken) -> int:
        journal = self._journal = self._journal or journal_for(self._environ, self.service)
        if taken.other_requests:
            self._say_once(
                "routes",
                f"more than {MOST_ROUTES} routes were asked for: further ones are told as"
                " `{other}` (docs/guides/api-metrics.md)",
            )
        told_bytes = tell(journal, self.service, taken)
        if journal.lost_events:
            where = os.fsdecode(journal.state) or "no folder"
            self._say_once("journal", f"cannot write to the journal in `{where}`: requests are "
                           "counted, and told when it can be written again")  # fmt: skip
        return told_bytes

    def _say_once(self, kind: str, words: str) -> None:
        if kind not in self._said:
            self._said.add(kind)
            log.warning("buildopt: %s", words)


def _folder_name() -> str:
    try:
        return os.path.basename(os.getcwd()) or "service"
    except OSError:
        return "service"


_alive: weakref.WeakSet[Teller] = weakref.WeakSet()


def _in_each(do: Callable[[Teller], object]) -> Callable[[], None]:
    def done() -> None:
        for teller in tuple(_alive):
            do(teller)

    return done


os.register_at_fork(after_in_child=_in_each(lambda teller: teller._begin()))
atexit.register(_in_each(lambda teller: teller.flush_guarded()))
