"""The address of a page, cut to its route: `/orders/4711?from=mail` is `/orders/{id}`."""

from __future__ import annotations

import re

LONGEST = 120
MOST_PARTS = 8
_ID = re.compile(
    r"\d+"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # UUID
    r"|(?=[^/]*\d)[0-9a-fA-F]{8,}"
    r"|(?=[^/]*\d)(?=[^/]*[A-Za-z])[\w-]{16,}"
    r"|[^/]*@[^/]*"  # a mail address is nobody's business
)


def route_of(page: str) -> str:
    """The path without query, with `{id}` for what names one thing of many."""
    path = page.partition("?")[0].partition("#")[0]
    path = re.sub(r"^[a-z]+://[^/]*", "", path) or "/"
    if not path.startswith("/"):
        path = f"/{path}"
    parts = [_part(part) for part in path.split("/")[1:]]
    if len(parts) > MOST_PARTS:
        parts = [*parts[:MOST_PARTS], "…"]
    return ("/" + "/".join(parts))[:LONGEST]


def _part(part: str) -> str:
    if part.startswith("{") and part.endswith("}"):
        return part  # the page's own template
    shown = "".join(c if c.isprintable() else "?" for c in part)
    return "{id}" if _ID.fullmatch(shown) else shown
