"""Pages of what was made whole: a cursor is the id of the last one of the page before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from monitor_plugins.dashboard.asked import Asked, Problem

T = TypeVar("T")


class Page(NamedTuple):
    """Some of it, and the cursor of what follows; None where nothing does."""

    items: Sequence[Any]
    next: str | None


def page_of(found: Sequence[T], id_of: Callable[[T], str], asked: Asked, limit: int) -> Page:
    """As many as wanted, behind the cursor that is asked for."""
    cursor = asked["cursor"] or ""
    ids = [id_of(each) for each in found]
    if cursor and cursor not in ids:
        raise Problem(400, f"`cursor` cannot be `{cursor[:60]}`", "take one from `next`")
    start = ids.index(cursor) + 1 if cursor else 0
    end = start + limit
    return Page(found[start:end], ids[end - 1] if end < len(ids) else None)
