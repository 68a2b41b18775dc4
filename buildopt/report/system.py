"""What the machine did while a run took place, as far as a monitor measured it meanwhile.

What the run's own processes took is known where no other build was watched at the same time: all
builds share their series.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from buildopt.events import Event, RunFinished
from buildopt.phrases import printable

NS_IN_MS = 1_000_000
EACH_MS = 1_000
"""The machine is measured so often."""
MOST_COLUMNS = 120
LEAST_SAMPLES = 3
"""Two say what was there at two moments, and nothing of what happened."""
CPU, MEMORY, LIMIT = "system.cpu.utilization", "system.memory.usage", "system.memory.limit"
BUILDS = "cicd.pipeline.run.active"
OWN_MEMORY = "process.memory.usage"
OBSERVED = "seccomp"
"""The monitor knows the processes of runs that are watched so."""

Samples = Sequence[tuple[int, float]]
"""Milliseconds since 1970 and value, in order of time."""


class Span(NamedTuple):
    """A time on one machine; the end is not inside any more."""

    host: str
    start_ms: int
    end_ms: int


Ask = Callable[[Span, Sequence[str]], Mapping[str, Samples]]
"""The samples of some series within a time, by name; none where nobody measured."""


class Traffic(NamedTuple):
    """A counter of bytes: of the machine, and of builds, which may have none."""

    name: str
    series: str
    of_builds: str = ""


TRAFFIC = (
    Traffic(
        "Read from disks",
        "system.disk.io{disk.io.direction=read}",
        "process.disk.io{disk.io.direction=read}",
    ),
    Traffic(
        "Written to disks",
        "system.disk.io{disk.io.direction=write}",
        "process.disk.io{disk.io.direction=write}",
    ),
    Traffic("Received from networks", "system.network.io{network.io.direction=receive}"),
    Traffic("Sent to networks", "system.network.io{network.io.direction=transmit}"),
)
OF_MACHINE = (CPU, MEMORY, LIMIT, *(each.series for each in TRAFFIC))
OF_BUILDS = (BUILDS, OWN_MEMORY, *(each.of_builds for each in TRAFFIC if each.of_builds))


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFigure:
    """One quantity over the run; `values` are columns of equal width for a chart.

    A ratio is of all processors; rates are bytes per second, and have a total. `by_run` is what
    the processes of the run took: on average of a ratio, at most of memory, in all of a rate. What
    they wrote may reach a disk later.
    """

    name: str
    unit: Literal["ratio", "bytes", "bytes/s"]
    mean: float
    most: float
    limit: float = 0.0
    total_bytes: float | None = None
    by_run: float | None = None
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The machine while a run took place; `others` is the share of its processors that worked for
    something else. `origin`: of which run it is, where it is another one.
    """

    samples: int
    figures: tuple[SystemFigure, ...]
    others: float | None
    origin: str


class Ran(NamedTuple):
    """A run: what told of its end, for how long it had processes, and on how many processors."""

    event: Event
    run: RunFinished
    busy_s: float
    processors: int


def system_of(ran: Ran, ask: Ask, origin: str = "") -> System | None:
    """The machine in the time of a run; None where too little is known."""
    span = _span(ran)
    found = _asked(ask, span._replace(end_ms=span.end_ms + EACH_MS), OF_MACHINE)
    if min(len(found.get(name, ())) for name in (CPU, MEMORY)) < LEAST_SAMPLES:
        return None
    own = _own(ask, span, ran)
    used = _processors(found[CPU], ran)
    rates = (_rate(each, found, own) for each in TRAFFIC if len(found.get(each.series, ())) > 1)
    return System(
        samples=len(found[CPU]),
        figures=(used, _memory(found, own), *rates),
        others=None if used.by_run is None else max(0.0, used.mean - used.by_run),
        origin=printable(origin),
    )


def _span(ran: Ran) -> Span:
    end_ms = ran.event.time_ns // NS_IN_MS
    host = ran.event.source.removeprefix("/").partition("/")[0]
    return Span(host, end_ms - int(ran.run.duration_s * 1000), end_ms)


def _asked(ask: Ask, span: Span, names: Sequence[str]) -> dict[str, Samples]:
    found = {
        name: [row for row in samples if span.start_ms <= row[0] < span.end_ms]
        for name, samples in ask(span, names).items()
    }
    return {name: samples for name, samples in found.items() if samples}


def _own(ask: Ask, span: Span, ran: Ran) -> Mapping[str, Samples]:
    """What builds took while this one had processes, where it was the only one."""
    if ran.run.observer != OBSERVED:
        return {}
    start_ms = span.start_ms + int(ran.run.lookup_s * 1000)
    busy = span._replace(start_ms=start_ms, end_ms=start_ms + int(ran.busy_s * 1000))
    found = _asked(ask, busy, OF_BUILDS)
    is_alone = all(count <= 1 for count in _values(found.get(BUILDS, ())))
    return found if is_alone else {}


def _processors(samples: Samples, ran: Ran) -> SystemFigure:
    available_s = ran.run.duration_s * ran.processors
    return SystemFigure(
        name="Processors", unit="ratio", mean=_mean(samples), most=_most(samples), limit=1.0,
        by_run=min(1.0, ran.run.cpu_s / available_s) if available_s else None,
        values=_columns(_values(samples)),
    )  # fmt: skip


def _memory(found: Mapping[str, Samples], own: Mapping[str, Samples]) -> SystemFigure:
    samples = found[MEMORY]
    return SystemFigure(
        name="Memory", unit="bytes", mean=_mean(samples), most=_most(samples),
        limit=_most(found.get(LIMIT, ())),
        by_run=_most(own[OWN_MEMORY]) if OWN_MEMORY in own else None,
        values=_columns(_values(samples)),
    )  # fmt: skip


def _rate(
    traffic: Traffic, found: Mapping[str, Samples], own: Mapping[str, Samples]
) -> SystemFigure:
    """A sample holds what came since the one before, so the first counts for nothing."""
    samples = found[traffic.series]
    came = [
        (value, (at_ms - before_ms) / 1000) for (before_ms, _), (at_ms, value) in pairwise(samples)
    ]
    rates = [value / span_s for value, span_s in came if span_s > 0]
    total = sum(value for value, _ in came)
    of_builds = own.get(traffic.of_builds)
    return SystemFigure(
        name=traffic.name,
        unit="bytes/s",
        mean=total / max(0.001, (samples[-1][0] - samples[0][0]) / 1000),
        most=max(rates, default=0.0),
        total_bytes=total,
        by_run=sum(_values(of_builds)) if of_builds else None,
        values=_columns(rates),
    )


def _columns(values: Sequence[float]) -> tuple[float, ...]:
    """At most so many as a chart shows, each the mean of as many neighbours."""
    count = min(MOST_COLUMNS, len(values))
    edges = [len(values) * place // count for place in range(count + 1)] if count else []
    return tuple(sum(values[a:b]) / (b - a) for a, b in pairwise(edges))


def _values(samples: Samples) -> list[float]:
    return [value for _, value in samples]


def _mean(samples: Samples) -> float:
    return sum(_values(samples)) / len(samples)


def _most(samples: Samples) -> float:
    return max(_values(samples), default=0.0)
