"""Times two commands in turns (A B A B …), as whole processes, and keeps every duration."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

NOISY_SPREAD = 0.15
"""A baseline whose middle half spreads over more of its median than this is called noisy."""


def do_nothing() -> None:
    """Prepare nothing."""


class Side(NamedTuple):
    """One of the two commands, and what to do before each start, which is not timed."""

    argv: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]
    prepare: Callable[[], None] = do_nothing
    must_say: str = ""
    """Has to be in what it writes to stderr, or the measurement is of something else."""


class Case(NamedTuple):
    """What was measured: durations in seconds, pair by pair, and how they are judged."""

    title: str
    measure: Literal["ratio", "difference"]
    target: float
    """Upper bound of the median of ratios, or of the median of differences in seconds."""
    ours_s: tuple[float, ...]
    base_s: tuple[float, ...]

    @property
    def results(self) -> tuple[float, ...]:
        """Ratio or difference of each pair: what disturbs both sides of a pair cancels out."""
        pairs = zip(self.ours_s, self.base_s, strict=True)
        if self.measure == "ratio":
            return tuple(ours / base for ours, base in pairs)
        return tuple(ours - base for ours, base in pairs)

    @property
    def result(self) -> float:
        """Median over the pairs."""
        return statistics.median(self.results)

    @property
    def holds(self) -> bool:
        """Whether the target is met."""
        return self.result <= self.target

    @property
    def is_noisy(self) -> bool:
        """Whether other load on the machine shows in the baseline."""
        if len(self.base_s) < 2:
            return True
        first, middle, third = statistics.quantiles(self.base_s, n=4)
        return (third - first) / middle > NOISY_SPREAD


def time_pairs(ours: Side, base: Side, pairs: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Durations in seconds of `pairs` turns, after one turn that does not count."""
    turns = [(time_once(ours), time_once(base)) for _ in range(pairs + 1)]
    ours_s, base_s = zip(*turns[1:], strict=True)
    return ours_s, base_s


def time_once(side: Side) -> float:
    """Seconds from before the start of the process until it was waited for."""
    side.prepare()
    with tempfile.TemporaryFile() as words:
        started_ns = time.perf_counter_ns()
        process = subprocess.Popen(
            side.argv,
            cwd=side.directory,
            env=side.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
        )
        status = process.wait()
        took_ns = time.perf_counter_ns() - started_ns
        words.seek(0)
        said = os.fsdecode(words.read())
    if status or side.must_say not in said:
        raise SystemExit(f"`{' '.join(side.argv)}`: exit {status}, not `{side.must_say}`: {said}")
    return took_ns / 1e9
