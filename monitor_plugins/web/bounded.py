"""A set of names that strangers choose, and that never grows beyond a limit."""

from __future__ import annotations

OTHER = "{other}"


class Bounded:
    """The first `most` names stay as they are; any further one is `{other}`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def take(self, name: str) -> str:
        """The name as it is kept."""
        if name not in self._known:
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(name)
        return name
