"""Listings that a run takes: each folder as it was first seen, apart from the run's own."""

from __future__ import annotations

import os

from buildopt.observe.first_touch import FOLDER, LISTED, STAT, Touch, Touches, look
from buildopt.observe.ignored import RESOLVER_NAMES, RESOLVER_PATTERNS, Place
from buildopt.observe.listing import counted_entries
from buildopt.observe.placement import Placement


class Listings:
    """Keeps what listings showed; `own_outputs` are what earlier runs of the task made."""

    def __init__(self, touches: Touches, placement: Placement, own_outputs: frozenset[str]) -> None:
        self._touches = touches
        self._placement = placement
        self._own_by_folder: dict[str, list[str]] = {}
        for path in own_outputs:
            self._own_by_folder.setdefault(os.path.dirname(path), []).append(path)

    def take(self, folder: str) -> None:
        """Take note that the run is about to list `folder`."""
        touch = self._touches.note(folder, STAT)
        if touch.is_own or touch.listing is not None:
            self._look_again(touch)
            return
        if touch.kind != FOLDER:
            return
        if self._placement.lists_by_membership(folder):
            self._take_members(touch)
        elif touch.place is Place.PLAIN:
            touch.did |= LISTED
            self._take_all(touch)

    def _look_again(self, touch: Touch) -> None:
        """See whether names came or went, since it was listed or made, that are not the run's."""
        if touch.place is not Place.PLAIN or not (touch.is_own or touch.did & LISTED):
            return
        now = look(touch.path)[0]
        if now is None or now == touch.listed_as:
            return
        touch.listed_as = now
        known = {*(touch.listing or ()), *touch.made_names}
        base = touch.path.rstrip("/") + "/"
        names = known ^ counted_entries(self._placement, touch.path).keys()
        if not all(self._touches.is_by_run(base + name) for name in names):
            touch.is_disturbed = True

    def _take_all(self, touch: Touch) -> None:
        """What the run has made by now is left out; earlier runs' outputs are looked at singly."""
        base = touch.path.rstrip("/") + "/"
        touch.listed_as = look(touch.path)[0]
        letters = counted_entries(self._placement, touch.path)
        touch.made_names = frozenset(name for name in letters if self._is_own(base + name))
        touch.listing = {n: letter for n, letter in letters.items() if n not in touch.made_names}
        for path in self._own_by_folder.get(touch.path, ()):
            self._touches.note(path, STAT)

    def _take_members(self, touch: Touch) -> None:
        """Of a folder above the project only what resolvers look for counts."""
        touch.listing = {}
        base = touch.path.rstrip("/") + "/"
        found = counted_entries(self._placement, touch.path)
        for name in {*RESOLVER_NAMES, *filter(RESOLVER_PATTERNS.fullmatch, found)}:
            self._touches.note(base + name, STAT)

    def _is_own(self, path: str) -> bool:
        return path in self._touches.all and self._touches.note(path, 0).is_own
