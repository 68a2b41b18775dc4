"""Sizes by encoding, and exact numbers for tips."""

from __future__ import annotations

from buildopt.bundle.model import Sizes
from buildopt.quantities import exact_bytes


def known_sizes(sizes: Sizes) -> list[tuple[str, int]]:
    """Encoding and bytes, where they were measured."""
    rows = (("raw", sizes.raw), ("gzip", sizes.gzip), ("brotli", sizes.brotli),
            ("zstd", sizes.zstd))  # fmt: skip
    return [(name, count) for name, count in rows if count is not None]


def encodings_in_both(before: Sizes, after: Sizes) -> list[tuple[str, int, int]]:
    """Encoding, bytes before and after, where both were measured."""
    old = dict(known_sizes(before))
    return [(name, old[name], count) for name, count in known_sizes(after) if name in old]


def exact_change(before: int, after: int) -> str:
    """`1,234 → 1,300 bytes`."""
    return f"{before:,} → {exact_bytes(after)}"
