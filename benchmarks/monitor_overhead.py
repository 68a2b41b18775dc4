"""Measures what a running monitor costs the builds beside it, and what it costs while nothing runs.

python benchmarks/monitor_overhead.py                       all of it, as a Markdown table
python benchmarks/monitor_overhead.py busy --pairs 20 --seconds 60
python benchmarks/monitor_overhead.py idle --seconds 600

Each pair is one run without (A) and one with a monitor (B), in the order A B B A. Processor time
is that of the build and of all that it waited for, on B's side with the monitor's own in the same
time. Told is the median of the pairs with the 95 % interval of a bootstrap; its upper end is what
the targets are about.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from main_job import describe_machine

PROGRAM = os.path.join(os.path.dirname(sys.executable), "buildopt")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
RESAMPLES = 2_000
LEAST_SHARE = 0.99
"""Of the samples that were due, so many are taken beside a build on all processors."""
SPIN = """
import os, time
def work(until_s):
    while time.process_time() < until_s:
        sum(range(10_000))
children = []
for _ in range(os.cpu_count()):
    pid = os.fork()
    if pid == 0:
        work({seconds})
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
"""
"""A fixed amount of work on each processor, in seconds of it."""
FAN_OUT = "i=0; while [ $i -lt 500 ]; do sleep {seconds} & i=$((i+1)); done; wait"
NO_OP = "sleep 0.05"


class Spent(NamedTuple):
    """What one run cost; the monitor's own processor time apart."""

    wall_s: float
    cpu_s: float
    monitor_cpu_s: float = 0.0
    samples: tuple[int, int] = (0, 0)
    """Of the monitor's: taken, and due."""


class Target(NamedTuple):
    """What is compared, how, and the upper end that the interval may have."""

    name: str
    of: Callable[[Spent, Spent], float]
    most: float
    unit: str


WALL = Target("wall", lambda a, b: b.wall_s / a.wall_s, 1.02, "×")
CPU = Target("CPU", lambda a, b: (b.cpu_s + b.monitor_cpu_s) / a.cpu_s, 1.03, "×")
MORE = Target("wall", lambda a, b: 1000 * (b.wall_s - a.wall_s), 10.0, "ms more")


class Monitor:
    """A monitor of one state folder, as a process."""

    def __init__(self, environment: dict[str, str], place: Path) -> None:
        ready = place / "ready.json"
        ready.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [PROGRAM, "monitor", "--port", "0", "--ready-file", str(ready)],
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        while not ready.exists():
            if self._process.poll() is not None:
                raise SystemExit("the monitor did not start")
            time.sleep(0.05)
        self.pid = json.loads(ready.read_text())["pid"]

    def cpu_s(self) -> float:
        """Processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def figure(self, file: str, name: str) -> int:
        """A number in one of its files below `/proc`."""
        rows = Path(f"/proc/{self.pid}/{file}").read_text().splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith(f"{name}:"))

    def end(self) -> None:
        """Have it end in order."""
        self._process.terminate()
        self._process.wait()


class Bench:
    """Folders below `place`, and the runs in them."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.environment = os.environ | {
            "BUILDOPT_CACHE_DIR": str(place / "cache"),
            "BUILDOPT_STATE_DIR": str(place / "state"),
        }

    def pairs(self, command: Sequence[str], count: int) -> Iterator[tuple[Spent, Spent]]:
        """Runs without and with a monitor, A B B A."""
        self._run(command)  # what is only done once
        for number in range(count):
            if number % 2:
                with_monitor, without = self._beside_monitor(command), self._run(command)
            else:
                without, with_monitor = self._run(command), self._beside_monitor(command)
            yield without, with_monitor

    @contextlib.contextmanager
    def monitor(self) -> Iterator[Monitor]:
        """One that has settled."""
        monitor = Monitor(self.environment, self._place)
        try:
            time.sleep(1.5)
            yield monitor
        finally:
            monitor.end()

    def _beside_monitor(self, command: Sequence[str]) -> Spent:
        with self.monitor() as monitor:
            before_s = monitor.cpu_s()
            spent = self._run(command)
            cpu_s = monitor.cpu_s() - before_s
            return spent._replace(monitor_cpu_s=cpu_s, samples=self._samples())

    def _samples(self) -> tuple[int, int]:
        """Taken and due since the monitor's start, as its health tells."""
        call = [PROGRAM, "monitor", "health", "--json"]
        told = subprocess.run(call, env=self.environment, capture_output=True, check=False)
        rows = {row["name"]: row["output"] for row in json.loads(told.stdout)["components"]}
        taken, _, due, *_ = rows["samples"].split()
        return int(taken), int(due)

    def _run(self, command: Sequence[str]) -> Spent:
        project = self._place / "project"
        shutil.rmtree(project, ignore_errors=True)
        project.mkdir()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began_s = time.perf_counter()
        call = [PROGRAM, "run", "--quiet", "--force", "--", *command]
        subprocess.run(call, cwd=project, env=self.environment, check=True)
        wall_s = time.perf_counter() - began_s
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Spent(wall_s, cpu_s)


def main() -> None:
    """Measure and print."""
    options = _options()
    cases = {
        "busy": (("python3", "-c", SPIN.format(seconds=options.seconds)), (WALL, CPU)),
        "no-op": (("sh", "-c", NO_OP), (MORE,)),
        "fan-out": (("sh", "-c", FAN_OUT.format(seconds=options.seconds)), (WALL, CPU)),
    }
    with tempfile.TemporaryDirectory(prefix="monitor-overhead-") as place:
        print(describe_machine(Path(place)), "", sep="\n")
        print("| case | what | median | 95 % interval | target | holds |")
        print("| --- | --- | --- | --- | --- | --- |", flush=True)
        for name in options.names or (*cases, "idle"):
            if name == "idle":
                _idle(Bench(Path(place)), options.seconds)
                continue
            command, targets = cases[name]
            found = list(Bench(Path(place)).pairs(command, options.pairs))
            for target in targets:
                print(_row(f"{name} ({options.pairs} pairs)", target, found), flush=True)
            print(_samples_row(name, [beside.samples for _, beside in found]), flush=True)


def _row(name: str, target: Target, pairs: Sequence[tuple[Spent, Spent]]) -> str:
    values = [target.of(without, with_monitor) for without, with_monitor in pairs]
    low, high = interval(values)
    holds = "yes" if high <= target.most else "**no**"
    median = statistics.median(values)
    form = "{:.3f} {}" if target.unit == "×" else "{:.1f} {}"
    told = [form.format(value, target.unit) for value in (median, low, high, target.most)]
    return f"| {name} | {target.name} | {told[0]} | {told[1]} – {told[2]} | ≤ {told[3]} | {holds} |"


def _samples_row(name: str, samples: Sequence[tuple[int, int]]) -> str:
    taken, due = (sum(column) for column in zip(*samples, strict=True))
    holds = "yes" if taken >= LEAST_SHARE * due else "**no**"
    return f"| {name} | samples | {taken} of {due} | | ≥ {LEAST_SHARE} | {holds} |"


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % of the medians of samples drawn from these lie in it."""
    draw = random.Random(1)  # the same figures give the same interval
    medians = sorted(
        statistics.median(draw.choices(values, k=len(values))) for _ in range(RESAMPLES)
    )
    return medians[int(0.025 * RESAMPLES)], medians[int(0.975 * RESAMPLES)]


def _idle(bench: Bench, seconds: float) -> None:
    """What it needs while nothing happens."""
    with bench.monitor() as monitor:
        before_s, written = monitor.cpu_s(), monitor.figure("io", "write_bytes")
        time.sleep(seconds)
        share = (monitor.cpu_s() - before_s) / seconds
        memory_mb = monitor.figure("status", "VmHWM") / 1000
        written = monitor.figure("io", "write_bytes") - written
        rows = (("of a core", 100 * share, 0.3, "%"), ("peak memory", memory_mb, 60.0, "MB"))
        for name, value, most, unit in rows:
            holds = "yes" if value <= most else "**no**"
            print(
                f"| idle ({seconds:.0f} s) | {name} | {value:.2f} {unit} | | ≤ {most:g} {unit} "
                f"| {holds} |"
            )
        each_s = written / seconds / 1000
        print(f"| idle ({seconds:.0f} s) | written | {each_s:.1f} kB/s | | | |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="busy|no-op|fan-out|idle")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0, help="of work on each processor")
    return parser.parse_args()


if __name__ == "__main__":
    main()
