"""Times the baseline plugin on its own file: a build, a sample, and ten thousand series.

python benchmarks/baseline_cost.py

Processor time of this process, events made beforehand, the detector's window full. Prints the
table of docs/benchmarks.md.
"""

from __future__ import annotations

import math
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

from buildopt.events import Event
from buildopt.monitor.consumer import FileState
from buildopt.monitor.hookspecs import fact
from buildopt.monitor.plugin_file import PluginFile
from monitor_plugins.baseline.plugin import Baseline

START_NS = 1_795_000_000_000_000_000
SECOND_NS = 10**9
METRICS = 40
SERIES = 10_000
BATCH = 256


class Learner:
    """The consumer with a file of its own."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "baseline.sqlite")
        self._file, self._consumer = PluginFile(self.path), Baseline()
        with self._file.transaction():
            self._consumer.migrate(FileState(self._file, is_ticking=False))

    def told(self, events: Sequence[Event]) -> list[Event]:
        """Take events in; what was told for them."""
        told: list[Event] = []
        for at in range(0, len(events), BATCH):
            with self._file.transaction():
                state = FileState(self._file, is_ticking=False)
                told += self._consumer.handle(events[at : at + BATCH], state)
        return told

    def cost_s(self, events: Sequence[Event]) -> float:
        """Seconds that taking the events costs."""
        began_s = time.process_time()
        self.told(events)
        return time.process_time() - began_s


@contextmanager
def learner() -> Iterator[Learner]:
    """One on an empty file."""
    with tempfile.TemporaryDirectory() as folder:
        yield Learner(folder)


def build(n: int, task: str, random: Random) -> Event:
    """A build of three series that are judged by levels, and one by counts."""
    data = {
        "task": task, "project": "p", "outcome": "executed", "exit_code": 0,
        "duration_s": 60 * math.exp(random.gauss(0, 0.03)), "cpu_s": 50 + random.random(),
        "peak_memory_bytes": 10**8,
    }  # fmt: skip
    return _event("buildopt.run.finished", data, n, n * 3600)


def sample(n: int, every_s: int, random: Random) -> Event:
    """One line of a source with `METRICS` metrics."""
    data = {f"some.metric.{i}": 1 + 0.1 * random.random() for i in range(METRICS)}
    return _event("buildopt.metric.sample", data, n, n * every_s)


def _event(kind: str, data: dict[str, object], n: int, at_s: int) -> Event:
    told = fact(kind, data, time_ns=START_NS + at_s * SECOND_NS, run=f"run{n}")
    return Event(
        id=f"{kind}{n}", time_ns=told.time_ns, mono_ns=0, type=kind, source="/h/p/1", n=n,
        run=told.run, data=data,
    )  # fmt: skip


def main() -> None:
    """Measure and print."""
    random = Random(1)
    print("| what | cost | target |\n| --- | --- | --- |")
    with learner() as one:
        one.cost_s([build(n, "build", random) for n in range(200)])
        cost_s = one.cost_s([build(n, "build", random) for n in range(200, 300)])
    print(f"| a build and series, 200 builds known | {1000 * cost_s / 100 / 4:.2f} ms | ≤ 5 ms |")
    for every_s, count in ((1, 3_600), (30, 600)):
        with learner() as one:
            one.cost_s([sample(n, every_s, random) for n in range(count)])
            later = [sample(n, every_s, random) for n in range(count, 2 * count)]
            cost_s = one.cost_s(later)
        micros = 1e6 * cost_s / count / METRICS
        print(f"| a sample and metric, one each {every_s} s | {micros:.1f} µs | ≤ 50 µs |")
    with learner() as one:
        for n in range(3):
            one.cost_s([build(n * SERIES + i, f"t{i}", random) for i in range(SERIES // 4)])
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        size = os.path.getsize(one.path) / 1e6
    print(
        f"| {SERIES:,} series: memory of the process | {memory:.0f} MB (file {size:.0f} MB) | – |"
    )


if __name__ == "__main__":
    main()
