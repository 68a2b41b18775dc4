"""An option that takes a moment: a time of day, seconds since 1970, or how long ago."""

from __future__ import annotations

import re
import time
from datetime import datetime

import click

FORMS = "2026-11-29T14:30, seconds since 1970, or how long ago: 90s, 30m, 24h, 7d"
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LATEST_S = 2**63 // 10**9


class Moment(click.ParamType[int]):
    """Becomes nanoseconds since 1970."""

    name = "time"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The moment of a text; fails for what is none."""
        if isinstance(value, int):
            return value
        found = moment_ns(value, time.time_ns())
        if found is None:
            self.fail(f"`{value}` is no time\nhint: it takes {FORMS}", param, ctx)
        return found


def moment_ns(text: str, now_ns: int) -> int | None:
    """The moment of a text; None where it is none. Times of day are those of this machine."""
    if ago := re.fullmatch(r"(\d{1,9})([smhd])", text):
        return max(0, now_ns - int(ago[1]) * _UNITS_S[ago[2]] * 1_000_000_000)
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        return int(float(text) * 1e9) if float(text) < _LATEST_S else None
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1e9)
    except (ValueError, OverflowError, OSError):
        return None
