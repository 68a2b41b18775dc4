"""Sizes and changes in words, for every form of the report."""

from __future__ import annotations

from collections.abc import Iterable

from buildopt.bundle.model import Compressor, Sizes
from buildopt.quantities import share, size


def sizes_words(sizes: Sizes) -> str:
    """`926 kB, gzip 262 kB, brotli 211 kB`."""
    encoded = (("gzip", sizes.gzip), ("brotli", sizes.brotli), ("zstd", sizes.zstd))
    parts = [f"{name} {size(value)}" for name, value in encoded if value is not None]
    return ", ".join([size(sizes.raw), *parts])


def change(before: int, after: int) -> str:
    """`+12.4 kB, +3.1 %`; direction, amount and share."""
    delta = after - before
    if not delta:
        return "±0"
    sign = "+" if delta > 0 else "-"
    ratio = f", {sign}{share(abs(delta) / before)}" if before else ""
    return f"{sign}{size(abs(delta))}{ratio}"


def made_words(compressors: Iterable[Compressor]) -> str:
    """How the columns were made."""
    words = [
        f"{made.encoding} {made.level} ({made.library}{', estimate' if made.is_estimate else ''})"
        for made in compressors
    ]
    return f"compressed with {', '.join(words)}" if words else "nothing compressed"
