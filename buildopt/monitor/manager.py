"""`buildopt monitor`: everything that runs on one state folder, started and ended in order.

    start  lock ─ filling (journal -> index) ─ plugins ─ sources ─ health ─ server ─ ready
    stop   server ─ sources ─ plugins ─ health ─ filling (takes in the rest) ─ lock

Whoever produces ends before who takes in, so that nothing is lost; all of it within two seconds.
What a thread has not done by then is in the journal, and the next monitor takes it up.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from threading import Event, Lock, Thread

from buildopt.cache import files, locks
from buildopt.errors import BuildoptError
from buildopt.events import Event as HappenedEvent
from buildopt.events import HealthChanged
from buildopt.journal import Journal
from buildopt.monitor import checks, exposition, retention
from buildopt.monitor.filling import Filling, Hourly
from buildopt.monitor.guards import derived_token
from buildopt.monitor.health import RANK, Change, Component, Health
from buildopt.monitor.hookspecs import HealthState, Measurement, Row
from buildopt.monitor.host import Host
from buildopt.monitor.http import Server, Shown
from buildopt.monitor.importer import Importer
from buildopt.monitor.knowledge import Live, plugin_row
from buildopt.monitor.loading import Plugins
from buildopt.monitor.place import Place, lock_path, ready_path
from buildopt.monitor.samples import Writer, parse_series
from buildopt.monitor.sampling import COUNTING, Recorder, Sampler
from buildopt.monitor.socket_file import is_socket
from buildopt.monitor.sources import builds

STOP_WITHIN_S = 2.0
QUIET_S = 1.0
"""So long after the last thing that happened, all is taken."""
STALE_NS = 120_000_000_000
"""Four times the longest interval of a source: what is older says nothing of now."""
CLASSES: dict[str, checks.Status] = {
    "running": "pass", "starting": "pass", "waiting": "pass", "stopped": "pass",
    "failing": "warn", "quarantined": "fail", "stuck": "fail",
}  # fmt: skip


class Monitor:
    """One monitor. Starts and stops once."""

    def __init__(
        self, place: Place, plugins: Plugins, journal: Journal, hourly: Iterable[Hourly] = ()
    ) -> None:
        """`journal` is where it tells of its own health."""
        self._place = place
        self._plugins = plugins
        self._journal = journal
        self._lock = -1
        self._started_s = time.monotonic()
        self._recorder = Recorder(
            Writer(place.state, environment=journal.environment, machine=journal.machine)
        )
        importer = Importer(place.state)
        self._filling = Filling(importer, (lambda now_ns: _drop_expired(importer, now_ns), *hourly))
        self._host = Host(place.state, plugins, on_events=self._filling.tell)
        self._samplers = tuple(
            Sampler(source.thing, self._recorder)
            for source in plugins.contributions("metric_sources")
        )
        self._health = Health(self._components(), self._tell)
        plugins.knowledge.go_live(
            Live(
                self._health.report,
                self._plugin_rows,
                self._emit,
                partial(derived_token, place.token),
            )
        )
        self._end = Event()
        self._emitting = Lock()
        self._health_thread = Thread(target=self._look, name="health", daemon=True)
        self._server: Server | None = None

    def start(self) -> None:
        """Begin; raises BuildoptError where another one runs, or the port is taken."""
        self._lock = _locked(self._place.state)
        try:
            server = self._server = _server(self._place, self._shown())
        except BuildoptError:
            locks.release(self._lock)
            raise
        with suppress(OSError):  # told as the health of the disk
            builds.invite(self._place.state)
        self._filling.start()
        self._host.start()
        for sampler in self._samplers:
            sampler.start()
        server.start()
        self._health_thread.start()
        try:
            self._say_ready(server)
        except BuildoptError:
            self.stop()
            raise

    @property
    def server(self) -> Server:
        """The server of a monitor that was started."""
        assert self._server is not None
        return self._server

    def stop(self, timeout_s: float = STOP_WITHIN_S) -> bool:
        """End in order; whether everything ended in time."""
        ends_s = time.monotonic() + timeout_s
        self._end.set()
        for path in self._ready_paths():
            with suppress(OSError):
                os.unlink(path)
        self.server.begin_to_stop()
        for sampler in self._samplers:
            sampler.stop(0)
        in_time = all(s.stop(timeout_s / 8) for s in self._samplers)
        builds.part(self._place.state)
        in_time &= self._host.stop(timeout_s / 2)
        self._health_thread.join(timeout_s / 8)
        in_time &= self._filling.stop(max(0.1, ends_s - time.monotonic()))
        self.server.stop(max(0.05, ends_s - time.monotonic()))
        locks.release(self._lock)
        self._lock = -1
        return in_time

    def _shown(self) -> Shown:
        return Shown(self._health.report, self._metrics, self._plugins.routes())

    def _say_ready(self, server: Server) -> None:
        told = {"url": server.url, "token": server.doors.token, "pid": os.getpid()}
        for path in self._ready_paths():
            try:
                files.publish(path, json.dumps(told).encode())
            except OSError as error:
                raise BuildoptError(
                    f"cannot write `{path}`: {error.strerror}",
                    hint="name a file in a folder that can be written, with room for it"
                    if path == self._place.ready_file
                    else "make room, or set BUILDOPT_STATE_DIR to a folder that can be written",
                    slug="ready-file",
                ) from error

    def _ready_paths(self) -> tuple[str, ...]:
        return tuple(filter(None, (ready_path(self._place.state), self._place.ready_file)))

    # ---- health ---------------------------------------------------------------------------

    def _components(self) -> Iterator[Component]:
        yield Component(checks.Check("index", self._index_state), is_critical=True)
        yield Component(checks.SamplesCheck(self._samplers, self._lost_samples), is_critical=True)
        yield Component(checks.disk_check("state", self._place.state), is_critical=True)
        yield Component(checks.disk_check("cache", self._place.cache))
        yield Component(checks.ClockCheck(self._place.state))
        yield Component(checks.watcher_check())
        yield Component(checks.Check("plugins", self._plugins_state))
        yield Component(checks.Check("server", self._server_state), is_critical=True)
        for sampler in self._samplers:
            yield Component(checks.source_check(sampler))
        for told in self._host.health():
            name = told.consumer
            look = self._consumer_look(name)
            yield Component(checks.Check(f"plugin {name}", look))
        for plugin, check in self._plugins.contributions("health_checks"):
            yield Component(checks.Check(f"{plugin}: {check.name}", check.check, check.interval_s))

    def _index_state(self, _: int) -> HealthState:
        return checks.lag_state(self._filling.lag_s, self._filling.trouble)

    def _lost_samples(self) -> int:
        return self._recorder.writer.lost_samples

    def _plugins_state(self, _: int) -> HealthState:
        rows = self._plugins.rows
        failed = [f"{row.name}: {row.reason}" for row in rows if row.status == "failed"]
        if failed:
            return HealthState("warn", "; ".join(failed)[:500], len(failed))
        on = sum(row.status == "loaded" for row in rows)
        return HealthState("pass", f"{on} loaded", 0)

    def _server_state(self, _: int) -> HealthState:
        if self._server is None or not self._server.is_alive:
            return HealthState("fail", "it answers nobody any more")
        return HealthState("pass", self._server.url)

    def _plugin_rows(self) -> list[Row]:
        standing = {told.consumer: told.progress._asdict() for told in self._host.health()}
        return [plugin_row(row, standing) for row in self._plugins.rows]

    def _emit(self, event: HappenedEvent) -> HappenedEvent:
        with self._emitting:  # routes run in many threads, and events are numbered
            return self._journal.emit(
                event.type, event.data, subject=event.subject, severity=event.severity
            )

    def _consumer_look(self, name: str) -> Callable[[int], HealthState]:
        def look(_: int) -> HealthState:
            told = next(each for each in self._host.health() if each.consumer == name)
            progress = told.progress
            words = f"{progress.status}, {progress.events} events"
            if progress.dead_letters:
                words += f", {progress.dead_letters} set aside"
            return HealthState(CLASSES[progress.status], words, progress.behind_s)

        return look

    def _look(self) -> None:
        wait_s = 0.0
        while not self._end.wait(wait_s):
            wait_s = self._health.look(time.time_ns())

    def _tell(self, change: Change) -> None:
        state = change.state
        told = HealthChanged(
            component=change.name,
            status=state.status,
            before=change.before,
            observed=state.observed,
            output=state.output,
        )
        with self._emitting:
            self._journal.append(told, subject=change.name)

    # ---- metrics --------------------------------------------------------------------------

    def _metrics(self) -> str:
        now_ns = time.time_ns()
        return exposition.text_of(self._gauges(now_ns), self._counters())

    def _gauges(self, now_ns: int) -> Iterator[Measurement]:
        for latest in tuple(self._recorder.latest.values()):
            if now_ns - latest.time_ns < STALE_NS:
                yield from (m for m in latest.measurements if not m.name.endswith(COUNTING))
        report = self._health.report()
        for row in report["components"]:
            value = RANK[row["status"]]
            yield Measurement("buildopt.health.status", value, "", {"component": row["name"]})
        yield Measurement("buildopt.index.lag", self._filling.lag_s, "s")
        yield Measurement("buildopt.monitor.uptime", time.monotonic() - self._started_s, "s")
        origin = {
            "host.name": os.uname().nodename,
            "deployment.environment.name": self._journal.environment,
            "host.type": self._journal.machine,
        }
        yield Measurement("target.info", 1, "", origin)

    def _counters(self) -> Iterator[Measurement]:
        for key, total in tuple(self._recorder.totals.items()):
            name, attributes = parse_series(key)
            unit = "s" if name.endswith(".time") else "By" if name.endswith(".io") else ""
            yield Measurement(name, total, unit, attributes)
        for status, refused in self.server.refused.items():
            yield Measurement("buildopt.http.refused", refused, "", {"status": str(status)})
        for sampler in self._samplers:
            source = {"source": sampler.source.name}
            yield Measurement("buildopt.samples.due", sampler.schedule.due, "", source)
            yield Measurement("buildopt.samples.taken", sampler.schedule.taken, "", source)


def _drop_expired(importer: Importer, now_ns: int) -> None:
    retention.drop_expired(importer, now_ns / 1_000_000_000)


def _locked(state: str) -> int:
    lock = locks.try_acquire(lock_path(state))
    if lock is not None and lock >= 0:
        return lock
    if lock is None:
        raise BuildoptError(
            f"a monitor of `{state}` runs already{_where(state)}",
            hint="end it first, or use it: `buildopt monitor health`",
            slug="monitor-runs",
        )
    raise BuildoptError(
        f"cannot write `{lock_path(state)}`",
        hint="set BUILDOPT_STATE_DIR to a folder that can be written",
        slug="no-place",
    )


def _where(state: str) -> str:
    """` (process 12, http://…)`, where that is told."""
    try:
        with open(ready_path(state), "rb") as file:
            told = json.loads(file.read())
        return f" (process {int(told['pid'])}, {told['url']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _server(place: Place, shown: Shown) -> Server:
    try:
        return Server(place.host, place.port, place.token, shown)
    except OSError as error:
        if is_socket(place.host):
            raise BuildoptError(
                f"cannot listen on `{place.host}`: {error.strerror or error}",
                hint="name a file that is not there yet, with a short path, in a folder of yours",
                slug="port-taken",
            ) from error
        raise BuildoptError(
            f"cannot listen on `{place.host}` port `{place.port}`: {error.strerror}",
            hint="name another port, or `--port 0` for any that is free"
            if error.errno in (errno.EADDRINUSE, errno.EACCES)
            else "name an address of this machine with `--host`",
            slug="port-taken",
        ) from error


def evaluate(state: str, plugins: Plugins, *, quiet_s: float = QUIET_S) -> str:
    """Import what is there and have all consumers take it, then end; why something is left.

    What consumers write meanwhile is taken too. Whoever imports just now is waited for.
    """
    lock = _locked(state)
    importer, host = Importer(state), Host(state, plugins)
    host.start()
    try:
        seen: object = None
        since_s = time.monotonic()
        while (
            not host.is_idle()
            or not (importer.is_importing or importer.trouble)
            or time.monotonic() - since_s < quiet_s
        ):
            importer.catch_up()
            standing = [(each.consumer, each.progress.position) for each in host.health()]
            now = (str(importer.position), standing)
            if now != seen:
                seen, since_s = now, time.monotonic()
            time.sleep(quiet_s / 10)
        return importer.trouble
    finally:
        host.stop()
        importer.close()
        locks.release(lock)
