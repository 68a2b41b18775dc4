"""Notices cheaply that the journal has grown: many times a second, whatever is in its folder.

The last segment is looked at each time; all of them when a file came or went, and every few
seconds, for a host whose clock is behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from buildopt.monitor.chain import Chain

ALL_AFTER_S = 5.0


class Growth:
    """The segments of some stems in the journal of a state folder."""

    def __init__(
        self, folder: str, *stems: str, mono_s: Callable[[], float] = time.monotonic
    ) -> None:
        """`stems`: `events`, `samples`."""
        self._chains = [Chain(folder, stem, seals=False) for stem in stems]
        self._mono_s = mono_s
        self._all_s = mono_s()
        self._sizes = [dict(chain.sizes) for chain in self._chains]

    def is_new(self) -> bool:
        """Whether something was written since the call before."""
        is_all = self._mono_s() - self._all_s > ALL_AFTER_S
        if is_all:
            self._all_s = self._mono_s()
        for chain in self._chains:
            chain.look(all_sizes=is_all)
        before, self._sizes = self._sizes, [dict(chain.sizes) for chain in self._chains]
        return before != self._sizes
