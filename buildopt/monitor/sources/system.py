"""The machine: memory, processors, load, swap, disks, network, pressure, limits of a container.

A ratio is 0 to 1, sizes are bytes, times seconds; memory in use is what is not `available`, since
what the kernel only keeps because nobody else wants it is free. Counters: see `sampling.py`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import psutil

from buildopt.monitor.hookspecs import Measurement, hookimpl
from buildopt.monitor.sources.control_groups import ControlGroups
from buildopt.monitor.sources.pressure import Pressure
from buildopt.settings import cache_folder, state_folder

BUILDOPT_API = 1
NOT_DISKS = ("loop", "ram", "zram", "fd", "sr", "dm-", "md")
"""Begins of names of block devices whose traffic is another one's, or memory's."""
MODES = ("user", "system", "iowait", "steal")
NANOSECONDS = 1_000_000_000
UTILIZATION = "system.cpu.utilization"
ABSENT_SAMPLES = 30
"""What the machine does not have (swap, limits of a control group) is looked for so seldom."""


class SystemSource:
    """A source of measurements; see `hookspecs.MetricSource`."""

    name = "system"
    interval_s = 1.0

    def __init__(
        self,
        folders: Iterable[str] = (),
        *,
        root: str = "/",
        mono_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """`folders`: whose file systems are told of, beside that of `/`; `root`: where `/proc` is,
        for what psutil does not know.
        """
        self._mounts = _mounts(("/", *folders))
        self._pressure = Pressure(os.path.join(root, "proc/pressure"))
        self._groups = ControlGroups(root)
        self._boot_s = psutil.boot_time()
        self._mono_ns = mono_ns
        self._before_ns = 0
        self._count = 0
        self._has_swap = self._has_limits = False
        self._counted: dict[tuple[str, str], int] = {}
        self._processors: list[Any] = []  # Any: psutil's times, whose fields the system decides

    def sample(self, now_ns: int) -> Iterator[Measurement]:
        """All measurements of now; those that tell of a span are absent at the first call."""
        before_ns, self._before_ns = self._before_ns, self._mono_ns()
        elapsed_s = (self._before_ns - before_ns) / NANOSECONDS if before_ns else 0.0
        is_search, self._count = self._count % ABSENT_SAMPLES == 0, self._count + 1
        yield from _memory()
        if self._has_swap or is_search:
            swap = tuple(_swap())
            self._has_swap = bool(swap)
            yield from swap
        for span, load in zip(("1m", "5m", "15m"), psutil.getloadavg(), strict=True):
            yield Measurement(f"system.cpu.load_average.{span}", load)
        yield Measurement("system.uptime", max(0.0, now_ns / NANOSECONDS - self._boot_s), "s")
        yield from self._utilizations()
        yield from self._traffic()
        yield from self._file_systems()
        yield from self._pressure.measure(elapsed_s)
        if self._has_limits or is_search:
            limits = tuple(self._groups.measure())
            self._has_limits = bool(limits)
            yield from limits

    def _utilizations(self) -> Iterator[Measurement]:
        """Share of the time that processors worked, all together and each."""
        before, self._processors = self._processors, psutil.cpu_times(percpu=True)
        if len(before) != len(self._processors):  # the first time, or one came or went
            return
        spans = [_spent(then, now) for then, now in zip(before, self._processors, strict=True)]
        all_s = sum(sum(spent.values()) for spent in spans)
        if not all_s:
            return
        yield Measurement(UTILIZATION, sum(map(_busy_s, spans)) / all_s)
        for number, spent in enumerate(spans):
            if span_s := sum(spent.values()):
                label = {"cpu.logical_number": str(number)}
                yield Measurement(UTILIZATION, _busy_s(spent) / span_s, attributes=label)
        for mode in MODES:
            share = sum(spent.get(mode, 0.0) for spent in spans) / all_s
            yield Measurement(UTILIZATION, share, attributes={"cpu.mode": mode})

    def _traffic(self) -> Iterator[Measurement]:
        """Bytes since the call before; a counter that began anew tells nothing once."""
        before, self._counted = self._counted, dict(_counters())
        for (name, direction), total in self._counted.items():
            came = total - before.get((name, direction), total + 1)
            if came >= 0:
                attribute = f"{name.removeprefix('system.')}.direction"
                yield Measurement(name, came, "By", {attribute: direction})

    def _file_systems(self) -> Iterator[Measurement]:
        for mount in self._mounts:
            try:
                usage = psutil.disk_usage(mount)
            except OSError:  # it was taken away
                continue
            label = {"system.filesystem.mountpoint": mount}
            share = usage.used / (usage.used + usage.free) if usage.used + usage.free else 0.0
            yield Measurement("system.filesystem.utilization", share, attributes=label)
            yield Measurement("system.filesystem.usage", usage.used, "By", label)
            yield Measurement("system.filesystem.available", usage.free, "By", label)


def _memory() -> Iterator[Measurement]:
    memory = psutil.virtual_memory()
    used = memory.total - memory.available
    yield Measurement("system.memory.limit", memory.total, "By")
    yield Measurement("system.memory.usage", used, "By")
    yield Measurement("system.memory.available", memory.available, "By")
    yield Measurement("system.memory.utilization", used / memory.total)


def _swap() -> Iterator[Measurement]:
    swap = psutil.swap_memory()
    if swap.total:
        yield Measurement("system.paging.usage", swap.used, "By")
        yield Measurement("system.paging.utilization", swap.used / swap.total)


def _counters() -> Iterator[tuple[tuple[str, str], int]]:
    """Bytes so far, over all disks and over all interfaces but loopback."""
    rows = (psutil.disk_io_counters(perdisk=True) or {}).items()
    disks = [row for name, row in rows if not name.startswith(NOT_DISKS)]
    yield ("system.disk.io", "read"), sum(row.read_bytes for row in disks)
    yield ("system.disk.io", "write"), sum(row.write_bytes for row in disks)
    networks = [row for n, row in psutil.net_io_counters(pernic=True).items() if n != "lo"]
    yield ("system.network.io", "receive"), sum(row.bytes_recv for row in networks)
    yield ("system.network.io", "transmit"), sum(row.bytes_sent for row in networks)


def _spent(then: Any, now: Any) -> dict[str, float]:  # Any: psutil's times
    """Seconds by mode; what guests used is a part of `user` and `nice` already (proc(5))."""
    modes = (mode for mode in now._fields if not mode.startswith("guest"))
    return {mode: max(0.0, getattr(now, mode) - getattr(then, mode)) for mode in modes}


def _busy_s(spent: dict[str, float]) -> float:
    return sum(spent.values()) - spent["idle"] - spent.get("iowait", 0.0)


def _mounts(folders: Iterable[str]) -> tuple[str, ...]:
    """The mount points that hold these folders, each once."""
    found: dict[str, None] = {}
    for folder in folders:
        path = os.path.realpath(folder)
        while not os.path.ismount(path):
            path = os.path.dirname(path)
        found[path] = None
    return tuple(found)


@hookimpl
def metric_sources() -> list[SystemSource]:
    """The machine, with the file systems of cache and state."""
    return [SystemSource((cache_folder(os.environ), state_folder(os.environ)))]
