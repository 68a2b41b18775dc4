"""Numbers for people: at most three significant digits, and the unit beside each."""

from __future__ import annotations

from collections.abc import Callable

UNIT_BYTES: dict[str, int] = {"": 1, "b": 1} | {
    prefix + suffix: factor ** (power + 1)
    for power, prefix in enumerate("kmgt")
    for suffix, factor in (("", 1000), ("b", 1000), ("ib", 1024))
}
"""Units in which a size may be written, in small letters: `10G` and `10 GB` are powers of 1,000,
`10 GiB` is one of 1,024 (IEC 80000-13)."""


def duration(seconds: float) -> str:
    """`2.41 s`, `12 ms`, `3 min 5 s`, `1 h 12 min`, `5 d 14 h`."""
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.3g} µs" if seconds > 0 else "0 s"
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 99.95:
        return f"{seconds:.3g} s"
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest_s} s"
    hours, rest_min = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {rest_min} min"
    return f"{hours // 24} d {hours % 24} h"


def size(count_bytes: float) -> str:
    """`184 kB`, in powers of 1,000."""
    value = float(count_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"


def parse_size(text: str) -> int:
    """Bytes in `500 MB`, `10GB`, `1.5 GiB` or `4096`; raises ValueError for what is no size."""
    number = text.strip().rstrip("BGIKMTbgikmt")
    unit = text.strip()[len(number) :].lower()
    number = number.strip()
    if not set(number) <= set("0123456789.") or len(number) > 20 or unit not in UNIT_BYTES:
        raise ValueError(text)
    return int(float(number) * UNIT_BYTES[unit])


def exact_bytes(count_bytes: float) -> str:
    """`184,212 bytes`."""
    return f"{count_bytes:,.0f} byte{'' if count_bytes == 1 else 's'}"


def share(ratio: float) -> str:
    """`62 %`, `1,530 %`."""
    percent = ratio * 100
    return f"{percent:,.0f} %" if abs(percent) >= 999.5 else f"{percent:.3g} %"


def signed(value: float, shown: Callable[[float], str]) -> str:
    """`+12.4 kB`, `−3.1 %`; `±0` where nothing moved."""
    return f"{'+' if value > 0 else '−'}{shown(abs(value))}" if value else "±0"


def change(before: float, after: float, shown: Callable[[float], str]) -> str:
    """`+12.4 kB, +3.1 %`: direction, amount and share; `±0` where nothing moved."""
    moved = signed(after - before, shown)
    if not before or before == after:
        return moved
    return f"{moved}, {signed((after - before) / before, share)}"


def moment(time_ns: int) -> str:
    """`2026-11-24 15:41:02 UTC`: absolute, because a file is read later than it is written."""
    from datetime import UTC, datetime  # no one on the run path asks for it

    at = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def counted(count: int, singular: str, plural: str = "") -> str:
    """`1 file`, `12 files`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
