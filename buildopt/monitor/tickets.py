"""Tickets that let a browser in once: other users can read the arguments of its process.

Who has the token gets one; it is good for a minute, for whoever comes first, and then never more.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

GOOD_FOR_S = 60.0
MOST = 16
"""The oldest goes when there are more."""


class Tickets:
    """Those of one server that nobody has used yet."""

    def __init__(self, *, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._mono_s = mono_s
        self._until_s: OrderedDict[str, float] = OrderedDict()

    def issue(self) -> str:
        """A new one."""
        ticket = secrets.token_urlsafe(16)
        self._until_s[ticket] = self._mono_s() + GOOD_FOR_S
        while len(self._until_s) > MOST:
            self._until_s.popitem(last=False)
        return ticket

    def take(self, ticket: str) -> bool:
        """Whether it lets somebody in; it does so once."""
        return self._until_s.pop(ticket, 0.0) > self._mono_s()
