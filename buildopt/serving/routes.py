"""Makes routes of raw paths: what names one thing among many becomes a placeholder.

    /shops/17/items/9f1c2ab04d   ->   /shops/{number}/items/{hash}

For servers that do not say which route took a request. The number of routes is bounded by who
counts them (`window.py`), whatever is left after this.
"""

from __future__ import annotations

import re
from functools import lru_cache

MOST_SEGMENTS = 8
"""Parts of a path that are shown; what follows is `{rest}`."""
LONGEST_SEGMENT = 40
REMEMBERED_PATHS = 1_024
_KINDS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("number", r"[+-]?\d[\d.:,_-]*"),
        ("uuid", r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
        ("hash", r"(?=[^\d]*\d)(?=[^a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,}"),
        ("token", r"(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[\w.~-]{20,}"),
    )
)
_UNWANTED = re.compile(r"[^\w.~!$&'()*+:@;-]")


@lru_cache(REMEMBERED_PATHS)
def template_of(path: str) -> str:
    """The route of a raw path, without its query."""
    first, *segments = path.partition("?")[0].split("/")
    shown = [_placeholder(segment) for segment in segments[:MOST_SEGMENTS]]
    rest = ["{rest}"] if len(segments) > MOST_SEGMENTS else []
    return "/".join([_placeholder(first), *shown, *rest]) or "/"


def _placeholder(segment: str) -> str:
    for name, pattern in _KINDS:
        if pattern.fullmatch(segment):
            return f"{{{name}}}"
    if len(segment) > LONGEST_SEGMENT:
        return "{text}"
    return _UNWANTED.sub("_", segment)
