"""Running builds: what the processes of each use, by the pids that its tracer tells.

    running/RUN.PID.N     `+pid` and `-pid` lines of one command (observe/roster.py)

A process that came and went between two looks is in the figures of whoever waited for it; what a
build used in all is in its `buildopt.run.finished`.
"""

from __future__ import annotations

import operator
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

import psutil

from buildopt.monitor.hookspecs import Measurement, hookimpl
from buildopt.observe.roster import FOLDER
from buildopt.settings import state_folder

BUILDOPT_API = 1
NANOSECONDS = 1_000_000_000
UNTOUCHED_S = 10.0
"""A roster without a living process that nobody wrote to for so long is one of a killed run."""


class Used(NamedTuple):
    """What processes have used so far, and hold now."""

    cpu_s: float = 0.0
    memory_bytes: int = 0
    read_bytes: int = 0
    written_bytes: int = 0
    processes: int = 0

    def plus(self, other: Used) -> Used:
        """Both together."""
        return Used._make(map(operator.add, self, other))


class BuildsSource:
    """A source of measurements; see `hookspecs.MetricSource`."""

    name = "builds"
    interval_s = 1.0

    def __init__(self, state: str, *, mono_ns: Callable[[], int] = time.monotonic_ns) -> None:
        """`state` is the state folder."""
        self._folder = os.path.join(state, FOLDER)
        self._mono_ns = mono_ns
        self._commands: dict[str, Command] = {}
        self._before: dict[str, Used] = {}
        self._before_ns = 0

    def sample(self, now_ns: int) -> Iterator[Measurement]:
        """What each run uses now, and all of them; nothing while none runs."""
        before_ns, self._before_ns = self._before_ns, self._mono_ns()
        elapsed_s = (self._before_ns - before_ns) / NANOSECONDS
        before, self._before = self._before, self._look(now_ns / NANOSECONDS)
        if not before_ns:  # since when a run has used what, nobody knows
            before = self._before
        if not before and not self._before:
            return
        yield Measurement("cicd.pipeline.run.active", len(self._before), "{run}")
        cores = (os.cpu_count() or 1) * elapsed_s
        all_cpu_s = 0.0
        for run_id, used in self._before.items():
            since = _since(before.get(run_id, Used()), used)
            all_cpu_s += since.cpu_s
            yield from _measurements(run_id, used, since, cores)
        together = Used()
        for used in self._before.values():
            together = together.plus(used)
        yield Measurement("buildopt.builds.cpu.utilization", min(1.0, all_cpu_s / cores))
        yield Measurement("buildopt.builds.memory.usage", together.memory_bytes, "By")
        yield Measurement("buildopt.builds.process.count", together.processes, "{process}")

    def _look(self, now_s: float) -> dict[str, Used]:
        """What each run has used so far."""
        names = _names(self._folder)
        for gone in self._commands.keys() - names:
            del self._commands[gone]
        runs: defaultdict[str, Used] = defaultdict(Used)
        for name in sorted(names):
            command = self._commands.get(name)
            if command is None:
                command = self._commands[name] = Command(os.path.join(self._folder, name))
            command.hear()
            if not command.pids and command.is_left(now_s):
                with suppress(OSError):
                    os.unlink(command.path)
                continue
            runs[name.partition(".")[0]] = runs[name.partition(".")[0]].plus(command.used())
        return dict(runs)


class Command:
    """One command of a run: the pids that it has, as far as they were told."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.pids: dict[int, psutil.Process | None] = {}
        self._offset = 0
        self._rest = b""

    def hear(self) -> None:
        """Take in what was told since the last call."""
        try:
            with open(self.path, "rb") as roster:
                roster.seek(self._offset)
                news = roster.read()
        except OSError:  # it has ended
            return
        self._offset += len(news)
        *lines, self._rest = (self._rest + news).split(b"\n")
        for line in lines:
            if line[1:].isdigit() and line[:1] == b"+":
                self.pids.setdefault(int(line[1:]), None)
            elif line[1:].isdigit():
                self.pids.pop(int(line[1:]), None)

    def used(self) -> Used:
        """What its living processes have used so far, with those that they waited for."""
        total = Used()
        for pid in tuple(self.pids):
            try:
                process = self.pids[pid] = self.pids[pid] or psutil.Process(pid)
                total = total.plus(_used_by(process))
            except psutil.NoSuchProcess:
                del self.pids[pid]
            except psutil.AccessDenied:  # it has become another user's
                continue
        return total

    def is_left(self, now_s: float) -> bool:
        """Whether its run was killed, so that nobody takes the file away."""
        try:
            return now_s - os.stat(self.path).st_mtime > UNTOUCHED_S
        except OSError:
            return False


def invite(state: str) -> None:
    """Let runs tell of their processes from now on; raises OSError."""
    os.makedirs(os.path.join(state, FOLDER), 0o700, exist_ok=True)


def part(state: str) -> None:
    """Have runs tell nobody any more."""
    folder = os.path.join(state, FOLDER)
    for name in _names(folder):
        with suppress(OSError):
            os.unlink(os.path.join(folder, name))
    with suppress(OSError):  # a run has just told
        os.rmdir(folder)


def _names(folder: str) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def _used_by(process: psutil.Process) -> Used:
    times = process.cpu_times()
    try:
        io = process.io_counters()
        read_bytes, written_bytes = io.read_bytes, io.write_bytes
    except psutil.AccessDenied:  # it does not let itself be looked into
        read_bytes = written_bytes = 0
    return Used(
        cpu_s=times.user + times.system + times.children_user + times.children_system,
        memory_bytes=process.memory_info().rss,
        read_bytes=read_bytes,
        written_bytes=written_bytes,
        processes=1,
    )


def _since(before: Used, now: Used) -> Used:
    """What was used in between; what an ended process takes along is not told as less."""
    return Used._make(max(0, b - a) for a, b in zip(before, now, strict=True))


def _measurements(run_id: str, used: Used, since: Used, cores: float) -> Iterable[Measurement]:
    run = {"cicd.pipeline.run.id": run_id}
    utilization = min(1.0, since.cpu_s / cores)
    yield Measurement("process.cpu.utilization", utilization, attributes=run)
    yield Measurement("process.cpu.time", since.cpu_s, "s", run)
    yield Measurement("process.memory.usage", used.memory_bytes, "By", run)
    for direction, came in (("read", since.read_bytes), ("write", since.written_bytes)):
        yield Measurement("process.disk.io", came, "By", {**run, "disk.io.direction": direction})
    yield Measurement("buildopt.build.process.count", used.processes, "{process}", run)


@hookimpl
def metric_sources() -> list[BuildsSource]:
    """The builds of the user's state folder."""
    return [BuildsSource(state_folder(os.environ))]
