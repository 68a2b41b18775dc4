"""Numbers for people: at most three significant digits, and the unit beside each."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """`2.41 s`, `12 ms`, `3 min 5 s`, `1 h 12 min`."""
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.3g} µs" if seconds > 0 else "0 s"
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 99.95:
        return f"{seconds:.3g} s"
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest_s} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count_bytes: float) -> str:
    """`184 kB`, in powers of 1,000."""
    value = float(count_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} TB"


def exact_bytes(count_bytes: float) -> str:
    """`184,212 bytes`."""
    return f"{count_bytes:,.0f} byte{'' if count_bytes == 1 else 's'}"


def share(ratio: float) -> str:
    """`62 %`."""
    return f"{ratio * 100:.3g} %"


def moment(time_ns: int) -> str:
    """`2026-11-24 15:41:02 UTC`: absolute, because a file is read later than it is written."""
    from datetime import UTC, datetime  # no one on the run path asks for it

    at = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def counted(count: int, singular: str, plural: str = "") -> str:
    """`1 file`, `12 files`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
