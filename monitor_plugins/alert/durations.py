"""Durations as rules write them (`30s`, `5 min`, `4h`, or a number of seconds), and as said."""

from __future__ import annotations

import math
import re

UNITS_S = {
    "ms": 0.001, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hour": 3600.0,
    "hours": 3600.0, "d": 86_400.0, "day": 86_400.0, "days": 86_400.0, "w": 604_800.0,
    "week": 604_800.0, "weeks": 604_800.0,
}  # fmt: skip
WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
LONGEST_TEXT = 100
LONGEST_S = 366 * 86_400.0
"""More than a year is a slip of the hand."""
EXPECTED = 'a duration as "30s", "5 min", "4h", "1d", or a number of seconds'


def seconds(value: object) -> float:
    """The seconds of a duration; raises ValueError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value)
    elif isinstance(value, str):
        found = _seconds_of(value.strip())
    else:
        raise ValueError(EXPECTED)
    if not math.isfinite(found) or not 0 <= found <= LONGEST_S:
        raise ValueError(f"{EXPECTED}, at most a year")
    return found


def _seconds_of(text: str) -> float:
    parts = WRITTEN.findall(text[:LONGEST_TEXT])
    if (
        len(text) > LONGEST_TEXT
        or not parts
        or WRITTEN.sub("", text).strip()
        or any(unit not in UNITS_S for _, unit in parts)
    ):
        raise ValueError(EXPECTED)
    return sum(float(number) * UNITS_S[unit] for number, unit in parts)


def spoken(duration_s: float) -> str:
    """`45 s`, `5 min`, `2 h 10 min`, `3 d 4 h`: two units at most."""
    if duration_s < 10 and duration_s != int(duration_s):
        return f"{duration_s:.1f} s"
    left = round(duration_s)
    parts = []
    for name, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"
