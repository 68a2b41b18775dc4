"""Sizes and changes in words, for every form of the report."""

from __future__ import annotations

from collections.abc import Iterable

from buildopt.bundle.compare_archives import LibraryChange
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


def library_words(row: LibraryChange) -> str:
    """`needs libm.so.6 too; no longer libz.so.1; no longer stripped`."""
    parts = [f"needs {name} too" for name in row.new_needed]
    parts += [f"no longer needs {name}" for name in row.no_longer_needed]
    if row.before_stripped != row.after_stripped:
        parts.append("stripped now" if row.after_stripped else "no longer stripped")
    return "; ".join(parts)
