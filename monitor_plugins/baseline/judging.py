"""Takes the values of a build into their series, and judges each series anew."""

from __future__ import annotations

import math
from collections.abc import Iterator

from buildopt.events import Event
from buildopt.monitor.hookspecs import State
from monitor_plugins.baseline import findings, history, shares
from monitor_plugins.baseline.attribution import cause_of
from monitor_plugins.baseline.first_days import DAY_NS
from monitor_plugins.baseline.history import SILENCE_NS, Build, Series
from monitor_plugins.baseline.large_step import LARGE_BUILDS, LARGE_BUILDS_STEADY
from monitor_plugins.baseline.regression import WINDOW_BUILDS, RegressionDetector
from monitor_plugins.baseline.run_values import Value, about, values_of
from monitor_plugins.baseline.series_key import SeriesKey


def judge(state: State, event: Event, default_branch: str) -> Iterator[Event]:
    """What follows from the event of a build."""
    values = list(values_of(event, default_branch))
    if not values:
        return
    history.keep_about(state, event.id, about(event))
    for value in values:
        yield from observe(state, value, event)


def observe(state: State, value: Value, event: Event) -> Iterator[Event]:
    """Take the value of one series in, as the build of `event`."""
    series = history.load(state, value.key)
    is_new = series.total == 0 and series.last_ns == 0
    if is_new and not math.isfinite(value.value):
        return  # never measured here
    if series.last_ns and event.time_ns - series.last_ns > SILENCE_NS:
        yield from findings.close(state, value.key.id, "silence", event)
        series = begin_anew(state, series)
    last_ns = max(series.last_ns, event.time_ns)  # a clock that was set back is no silence later
    if not math.isfinite(value.value):
        history.save(state, series._replace(last_ns=last_ns, gaps=series.gaps + 1))
        return
    build = Build(series.total, event.time_ns, value.value, event.run, event.id)
    yield from look(state, series._replace(last_ns=last_ns), build, event)
    if is_new:
        history.make_room(state)


def look(state: State, series: Series, build: Build, event: Event) -> Iterator[Event]:
    """Judge a series with one more build."""
    known = history.builds(state, series.key.id, _first(series))
    before = [each.value for each in known]
    history.append(state, series.key.id, build)
    if series.key.metric == "hit_ratio":
        series = series._replace(total=build.n + 1)
        history.save(state, series)
        yield from _judge_share(state, series, [*before, build.value], event)
        return
    large = LARGE_BUILDS_STEADY if series.key.measured.is_steady else LARGE_BUILDS
    days = [each.time_ns // DAY_NS for each in (*known, build)]
    detector = RegressionDetector(series.memory, before, large_builds=large, days=days)
    found = detector.observe(build.value)
    series = series.with_memory(detector.memory)
    confirmed = [one.change.index for one in found if one.state == "confirmed"]
    series = series._replace(level=max([series.level, *confirmed]))
    history.save(state, series)
    yield from findings.take(state, series, found, detector.doubted, event)


def begin_anew(state: State, series: Series) -> Series:
    """The series without its values: numbers go on, so that none is meant twice."""
    history.forget_builds(state, series.key.id)
    return series._replace(level=series.total, looks={}, said=())


def forget(state: State, key: SeriesKey, event: Event) -> Iterator[Event]:
    """Begin a series anew, as a person asked."""
    yield from findings.close(state, key.id, "reset", event)
    history.save(state, begin_anew(state, history.load(state, key)))


def accept(state: State, series: str, event: Event) -> Iterator[Event]:
    """Take the present level for the usual one: what was found is over.

    The level begins where the newest finding said that it does.
    """
    newest = max((f.n for f in findings.open_findings(state, series)), default=None)
    if newest is not None:
        history.begin_level(state, series, newest)
    yield from findings.close(state, series, "accepted", event)


def _first(series: Series) -> int:
    return max(0, series.total - WINDOW_BUILDS + 1)


def _judge_share(
    state: State, series: Series, values: list[float], event: Event
) -> Iterator[Event]:
    """A share of builds is judged by counts, and is well again when it is back."""
    series_id = series.key.id
    for finding in findings.open_findings(state, series_id):
        if shares.is_back(values, finding.data["before"]):
            yield from findings.close(state, series_id, "recovered", event)
        return
    moved = shares.find_move(values)
    n = series.total - shares.RECENT_BUILDS
    if moved is None or series.level > n:
        return
    builds = history.builds(state, series_id)
    data = findings.data_of_share(series, moved, n, builds)
    data["cause"] = cause_of(state, builds, n)
    history.save(state, series._replace(level=series.total))
    if data["direction"] == "worse":
        findings.keep(state, data["finding"], series_id, n, "confirmed", data)
    yield findings.told("confirmed", data, event)
