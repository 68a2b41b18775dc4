"""Where the paths of accesses really lead, while links and folders may change under way.

A call that moves a folder or a link is told before it executes. Until its effect is seen,
nothing about ways is remembered.
"""

from __future__ import annotations

import os
import stat

from buildopt.model import StatSignature
from buildopt.observe.first_touch import KIND, LINK, READ, Touches, look
from buildopt.observe.ignored import Place
from buildopt.observe.resolve import LinkLoop, Resolver

LOOKS_UNTIL_SETTLED = 256
"""Accesses for which the effect of a change is waited for; one that failed is then given up."""


class Ways:
    """Resolves paths, and notes each link and obstacle that it meets."""

    def __init__(self, touches: Touches) -> None:
        self._touches = touches
        self._resolver = Resolver(self._meet)
        self._pending: list[tuple[str, StatSignature | None]] = []
        self._looks_left = 0

    @property
    def is_settled(self) -> bool:
        """Whether what was resolved may be remembered."""
        return not self._pending

    @property
    def may_remember(self) -> bool:
        """Whether the path that was reached last may be remembered, for whatever process."""
        return self.is_settled and not self._resolver.is_personal

    def reach(self, path: str, pid: int, *, follows: bool) -> str | None:
        """The path as the process means it, its last link followed or not; None: nowhere."""
        try:
            place, obstacle = self._resolver.locate(path, pid)
            while follows and not obstacle and self._is_link(place):
                place, obstacle = self._resolver.follow(place)
        except (LinkLoop, RecursionError):
            return None  # ELOOP or ENAMETOOLONG, and every link met is noted
        if obstacle and obstacle != place and os.path.lexists(obstacle):
            self._touches.note(obstacle, KIND)
        return place

    def unsettle(self, path: str) -> None:
        """Take note that a call is about to change a link or a folder at `path`."""
        self._pending.append((path, look(path)[0]))
        self._looks_left = LOOKS_UNTIL_SETTLED
        self._resolver.forget()

    def forget(self) -> None:
        """Look every way up again: somebody else may have changed it."""
        self._resolver.forget()

    def settle(self) -> None:
        """Look whether pending changes have happened; until then every way is looked up anew."""
        self._resolver.forget()
        self._looks_left -= 1
        self._pending = [
            (path, before)
            for path, before in self._pending
            if self._looks_left > 0 and look(path)[0] == before
        ]

    def _meet(self, link: str) -> None:
        self._touches.note(link, READ)

    def _is_link(self, path: str) -> bool:
        touch = self._touches.note(path, 0)
        if not (touch.is_own or touch.is_attempted):
            return touch.kind == LINK
        counts = touch.place is not Place.HIDDEN or path.startswith("/proc/")
        return counts and kind_now(path) == LINK


def kind_now(path: str) -> int:
    """File type bits of what is at `path` now (links not followed); 0 where nothing is."""
    return stat.S_IFMT(mode_now(path))


def mode_now(path: str) -> int:
    """The same with the permission bits."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0
