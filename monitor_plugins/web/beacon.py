"""What a page sends when it is left: read strictly, since anybody may send it.

{"v": 1, "page": "/orders/7", "build": "", "ready": 310, "names": ["/assets/index-DgX3kP_1.js"],
 "vitals":   [["LCP", 812.5, 812.5, "v6-…", "good", "navigate"]],      ms; CLS is a plain number
 "chunks":   [["/assets/List-B1x9Qa22.js", 1204, 38.2, 4211, 12033]],   start, duration [ms], bytes
 "failed":   ["/assets/Old-a8Kd01xz.js"],
 "measures": [["List", 3.2]]}                                           ms
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec

VITALS = ("LCP", "INP", "CLS", "FCP", "TTFB")
LONGEST_MS = 600_000.0
"""Ten minutes: a page that took longer was asleep."""
LARGEST_BYTES = 1e9

Name = Annotated[str, msgspec.Meta(max_length=300)]
Short = Annotated[str, msgspec.Meta(max_length=64)]


class Refused(ValueError):
    """A body that no page of ours sends; the text says what is wrong."""


class Beacon(msgspec.Struct, frozen=True):
    """One beacon."""

    v: Literal[1]
    page: Annotated[str, msgspec.Meta(max_length=2_000)]
    build: Annotated[str, msgspec.Meta(max_length=128)] = ""
    names: Annotated[tuple[Name, ...], msgspec.Meta(max_length=100)] = ()
    vitals: Annotated[
        tuple[tuple[Literal["LCP", "INP", "CLS", "FCP", "TTFB"], float, float, Short, Short, Short],
              ...],
        msgspec.Meta(max_length=10),
    ] = ()  # fmt: skip
    ready: float = 0.0
    """When the page's own scripts had run [ms]; 0 where that is not known."""
    chunks: Annotated[
        tuple[tuple[Name, float, float, float, float], ...], msgspec.Meta(max_length=100)
    ] = ()
    failed: Annotated[tuple[Name, ...], msgspec.Meta(max_length=20)] = ()
    measures: Annotated[tuple[tuple[Name, float], ...], msgspec.Meta(max_length=100)] = ()


def read(body: bytes) -> Beacon:
    """The beacon of a body; raises `Refused`."""
    try:
        beacon = msgspec.json.decode(body, type=Beacon)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(str(error)[:200]) from error
    for _, value, delta, *_ in beacon.vitals:
        _require(value, LONGEST_MS)
        _require(abs(delta), LONGEST_MS)
    _require(beacon.ready, 1e9)
    for _, start_ms, duration_ms, transfer, size in beacon.chunks:
        _require(start_ms, 1e9)
        _require(duration_ms, LONGEST_MS)
        _require(transfer, LARGEST_BYTES)
        _require(size, LARGEST_BYTES)
    for _, duration_ms in beacon.measures:
        _require(duration_ms, LONGEST_MS)
    return beacon


def _require(value: float, most: float) -> None:
    if not math.isfinite(value) or not 0 <= value <= most:
        raise Refused(f"{value} is out of its range")
