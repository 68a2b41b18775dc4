"""Series and findings in words, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from monitor_plugins.baseline.asked import Told, threshold
from monitor_plugins.baseline.seasonality import progress

_SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))


def amount(value: float, unit: str) -> str:
    """`61.2 s`, `300 kB`, `86 %`."""
    if unit == "1":
        return f"{100 * value:.3g} %"
    if unit == "s":
        return _time(value)
    if unit == "By":
        size, name = next((row for row in _SIZES if abs(value) >= row[0]), _SIZES[-1])
        return f"{value / size:.4g} {name}"
    return f"{value:.4g} {unit}".rstrip()


def _time(value_s: float) -> str:
    if abs(value_s) < 1:
        return f"{1000 * value_s:.3g} ms"
    if abs(value_s) < 600:
        return f"{value_s:.3g} s" if abs(value_s) < 100 else f"{value_s:.0f} s"
    return f"{value_s / 60:.1f} min"


def percent(effect: float | None) -> str:
    """`+5.2 %`; nothing where there is no ratio."""
    return "" if effect is None else f"{100 * effect:+.1f} %"


def finding_lines(finding: Mapping[str, Any], state: str) -> Iterator[str]:  # Any: JSON
    """A finding: what moved, how sure that is, because of what, and what to do."""
    unit = finding["unit"]
    before, after = amount(finding["before"], unit), amount(finding["after"], unit)
    word = finding["direction"] if state == "confirmed" else "suspected"
    moved = f"{before} → {after} ({percent(finding.get('effect'))})"
    seen = f"in {finding['builds_after']} builds"
    yield f"{word}: {finding['name']}: {moved} {seen}, finding {finding['finding']}"
    if text := finding.get("cause", {}).get("text"):
        yield f"  {text}"
    if bench := finding.get("bench"):
        low, high = bench["ratio_low"], bench["ratio_high"]
        yield f"  both versions ran in turn: {bench['ratio']:.2f} × ({low:.2f} to {high:.2f})"
    if state == "suspected":
        yield f"  settle it: buildopt bench --confirm {finding['finding']}"
    elif finding["direction"] == "worse":
        yield f"  if it is meant: buildopt baseline accept {finding['finding']}"


def series_line(told: Told) -> str:
    """One line of `baseline list`."""
    key, baseline = told.series.key, told.baseline
    if baseline is None or not baseline.is_learnt:
        return f"{key.id}  {key.name}: {told.progress}"
    usual = f"usually {amount(baseline.p50, key.unit)}, p95 {amount(baseline.p95, key.unit)}"
    open_ = ", ".join(f"{f.state} {f.id}" for f in told.findings)
    return f"{key.id}  {key.name}: {usual}" + (f"; {open_}" if open_ else "")


def series_lines(told: Told) -> Iterator[str]:
    """What `baseline show` says."""
    key, baseline = told.series.key, told.baseline
    yield f"{key.name} of {key.project}  [{key.id}]"
    yield f"  {told.progress}, {len(told.builds)} known, {told.series.gaps} gaps"
    if baseline is None:
        return
    figures = [(name, getattr(baseline, name)) for name in ("p50", "p90", "p95", "p99", "spread")]
    yield "  " + ", ".join(f"{name} {amount(value, key.unit)}" for name, value in figures)
    if baseline.smallest_change is not None:
        yield f"  a single build above {amount(threshold(baseline), key.unit)} is unusual"
        change = 100 * baseline.smallest_change
        yield f"  a lasting change of {change:.1f} % or more would be told within 30 builds"
    yield f"  by the time of day: {_day(told)}"
    if told.series.said:
        yield f"  this level began with build {told.series.level}"
    for finding in told.findings:
        for line in finding_lines(finding.data, finding.state):
            yield f"  {line}"


def _day(told: Told) -> str:
    profile, unit = told.day_profile, told.series.key.unit
    known = progress(told.times_s, profile)
    if profile is None:
        return known
    hours = [(added, hour) for hour, added in enumerate(profile.by_hour) if added is not None]
    (low, at_low), (high, at_high) = min(hours), max(hours)
    least, most = amount(abs(low), unit), amount(abs(high), unit)
    return f"{least} less at {at_low:02} h UTC, {most} more at {at_high:02} h; {known}"
