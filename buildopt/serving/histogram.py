"""How long requests took, as counts by OpenTelemetry's exponential histogram.

Bucket `i` holds durations in (2^(i/8), 2^((i+1)/8)] seconds, so that its middle is within 4.4 % of
all that is in it, and histograms merge by adding up their counts.
"""

from __future__ import annotations

from math import ceil, log2

SCALE = 3
"""OpenTelemetry's `scale`: eight buckets for each power of two."""
_PER_POWER: int = 2**SCALE
SHORTEST_S = 1e-6
"""What is shorter counts as a microsecond: no server answers faster."""
LONGEST_S = 86_400.0


def bucket_of(duration_s: float) -> int:
    """The bucket of a duration."""
    return ceil(log2(min(max(duration_s, SHORTEST_S), LONGEST_S)) * _PER_POWER) - 1
