"""A trace as it lies on disk: most can be told not to hold without being decoded.

What a newer record did not agree with most older ones do not agree with either, and to decode
10,000 observations takes longer than to look for one of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

DIGEST_LETTERS = 32
"""Of an XXH3-128 in hexadecimal, which begins the value of a file."""
LONGEST = DIGEST_LETTERS + len('"+100644",')

Facts = Mapping[bytes, bytes]
"""What files are now: subject and value, both as they stand in a trace."""


class SealedTrace(NamedTuple):
    """The JSON text of a trace, whose checksum is right, under its name."""

    name: str
    body: bytes

    @property
    def entry_key(self) -> str:
        """The name of the entry to which it leads; raises ValueError where there is none."""
        _, mark, rest = self.body.partition(b'"entry":"')
        if not mark:
            raise ValueError("no entry")
        return rest.partition(b'"')[0].decode("ascii")

    def contradicts(self, facts: Facts) -> bool:
        """Whether it surely does not hold; False says nothing."""
        return any(self._is_other(subject, value) for subject, value in facts.items())

    def _is_other(self, subject: bytes, now: bytes) -> bool:
        start = self.body.find(subject + b":")
        while start >= 0:
            begin = start + len(subject) + 1
            value = self.body[begin : begin + LONGEST].partition(b",")[0].rstrip(b"}")
            if _is_plain(value) and value != now:
                return True
            start = self.body.find(subject + b":", start + 1)
        return False


def fact(subject: str, value: str | None) -> tuple[bytes, bytes]:
    """An item of `Facts`; None stands for a file that is not there."""
    return json.dumps(subject).encode("ascii"), json.dumps(value).encode("ascii")


def _is_plain(value: bytes) -> bool:
    """Whether it is the content and mode of a file, and nothing but that."""
    digest, plus, mode = value.strip(b'"').partition(b"+")
    is_digest = len(digest) == DIGEST_LETTERS and digest.isalnum()
    return is_digest and bool(plus) and mode.isdigit()
