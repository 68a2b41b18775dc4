"""What a run that is answered from a record would have looked at and made, for a ledger around it.

Told before anything is given back, so that what is there now is the state at first touch.
"""

from __future__ import annotations

from collections.abc import Iterable

from buildopt.model import PRESENT
from buildopt.observe.first_touch import (
    ATTRIBUTES,
    EXECUTED,
    FOLDER,
    KEPT_MODE,
    KIND,
    READ,
    STAT,
    TIMED,
    Touches,
    look,
)
from buildopt.observe.listings import Listings

RecordRow = tuple[str, str, str]
"""Kind, subject and value of an observation of a record."""

TIME_MARK = "@"
"""Stands in the value of an empty file whose time counts (conclusion.py)."""


def meet(
    touches: Touches,
    listings: Listings,
    rows: Iterable[RecordRow],
    made: Iterable[str],
    removed: Iterable[str],
) -> None:
    """Take the observations for looks, and what was made or removed for attempts."""
    for kind, subject, value in rows:
        _look(touches, listings, kind, subject, value)
    for path in made:
        touches.attempt(path, 0)
    for path in removed:
        touches.attempt(path, STAT)


def own(touches: Touches, made: Iterable[str]) -> None:
    """All that was made is the run's own now, whether it had to be written or was there.

    Of a folder that was there only what is in it and was made: the rest may be another step's.
    """
    for path in made:
        touch = touches.all.get(path)
        if touch is not None:
            touch.is_own = touch.kind != FOLDER or touches.has_changed(touch, look(path)[0])


def _look(touches: Touches, listings: Listings, kind: str, subject: str, value: str) -> None:
    if kind == "listing":
        listings.take(subject)
    elif kind == "file" and value.startswith(PRESENT):
        touches.note(subject, KIND if value == PRESENT else KEPT_MODE)
    elif kind == "file":
        did = STAT | TIMED if TIME_MARK in value else READ
        touches.note(subject, did)
    elif kind == "tool":
        touches.note(subject, READ | EXECUTED)
    elif kind == "link":
        touches.note(subject, STAT | READ)
    elif kind == "attributes":
        touches.note(subject, STAT | ATTRIBUTES)
    elif kind in ("absent", "directory"):
        touches.note(subject, STAT)
