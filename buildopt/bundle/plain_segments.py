"""Find the few mappings that need a look each, and sum up the columns of all others at once.

A segment is plain where its column lies at most 255 behind the one before, in one or two digits,
and its source is that of the one before: the digit `A`, with more digits behind it. Text is taken
as one large number with a byte for each character, so that a handful of shifts and masks look at
all segments of a piece. `1` in a byte of a mask marks the character.
"""

from __future__ import annotations

from collections.abc import Iterator

DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SEPARATOR, _NOT_ZERO = 1 << 6, 1 << 7
"""Bits of a character's byte beside its digit, which is the lower six bits."""


def _byte(character: int) -> int:
    if character in b",;":
        return _SEPARATOR | _NOT_ZERO
    digit = max(DIGITS.find(character), 0)
    return digit | (_NOT_ZERO if digit else 0)


_BYTES = bytes(map(_byte, range(256)))


class PlainSegments:
    """What is known of the segments of a text that ends with a comma or semicolon."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        length = len(text)
        ones = int.from_bytes(b"\1" * length, "little")
        digits = int.from_bytes(text.translate(_BYTES), "little")
        separators = (digits >> 6) & ones
        goes_on = (digits >> 5) & ones
        firsts = ((separators << 8) | 1) & (ones ^ separators)
        seconds = (firsts & goes_on) << 8
        ends = (firsts | seconds) & (ones ^ goes_on ^ separators)
        sources = ends << 8
        others = sources & (digits >> 7)
        too_short = ((sources ^ others) << 8) & separators
        too_long = seconds & (goes_on | separators | (digits >> 4))
        flags = others | too_short | too_long | (firsts & digits)  # the lowest bit is the sign
        self._flags = (flags & ones).to_bytes(length, "little")
        near = (digits >> 1) & (firsts * 15)
        far = (digits & ((seconds & ends) * 15)) << 4
        self._values = (near | far).to_bytes(length, "little")

    def others(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Where the segments begin and end that are not plain; the comma at `end` is no part."""
        text, flags = self._text, self._flags
        at = flags.find(1, begin, end + 1)
        while at >= 0:
            start = text.rfind(b",", begin, at) + 1 or begin
            stop = text.find(b",", at, end)
            if stop < 0:
                stop = end
            yield start, stop
            begin = stop + 1
            at = flags.find(1, begin, end + 1)

    def columns(self, begin: int, end: int) -> int:
        """By how much the columns of the plain segments in this stretch rise."""
        return sum(self._values[begin:end].translate(None, b"\0"))

    def first_column(self, begin: int, end: int) -> int:
        """By how much that of the first of them rises; -1 where there is none."""
        text = self._text
        while begin < end and text[begin] == 0x2C:
            begin += 1
        if begin == end:
            return -1
        stop = text.find(b",", begin, end)
        return sum(self._values[begin : stop if stop >= 0 else end])
