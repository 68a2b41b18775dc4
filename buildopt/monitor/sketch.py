"""A sketch of many values, from which quantiles come within 2 %, and which merge exactly.

A value counts in the bucket of its logarithm, so that every value of a bucket is within 2 % of the
bucket's middle. Two sketches merge by adding up their buckets; how values were spread over
sketches makes no difference. Packed it is a row of variable-length integers: the number of zeros,
then for negative and for positive values the number of buckets and, for each in order, the step
from the bucket before and the count.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator

RELATIVE_ERROR = 0.02
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA = math.log(_GAMMA)
_MIDDLE = 2 / (1 + _GAMMA)
"""Where in a bucket (GAMMA^(i-1), GAMMA^i] the value is that is within 2 % of both ends."""
_LARGEST_LOG = 709.0
"""What a float can still hold."""
TINY = 1e-12
"""What is nearer to zero counts as zero: no metric of ours is that fine."""


class Sketch:
    """Counts of values by sign and logarithm."""

    __slots__ = ("negative", "positive", "zeros")

    def __init__(self) -> None:
        self.zeros = 0
        self.negative: Counter[int] = Counter()
        self.positive: Counter[int] = Counter()

    def add(self, values: Iterable[float]) -> None:
        """Count finite values."""
        positive, negative, log = self.positive, self.negative, math.log
        for value in values:
            if value > TINY:
                positive[math.ceil(log(value) / _LOG_GAMMA)] += 1
            elif value < -TINY:
                negative[math.ceil(log(-value) / _LOG_GAMMA)] += 1
            else:
                self.zeros += 1

    def merge(self, other: Sketch) -> None:
        """Count what another one has counted."""
        self.zeros += other.zeros
        self.negative.update(other.negative)
        self.positive.update(other.positive)

    @property
    def n(self) -> int:
        """How many values were counted."""
        return self.zeros + self.negative.total() + self.positive.total()

    def quantiles(self, shares: Iterable[float]) -> list[float]:
        """The values that so many of all (0 to 1) are at most, within 2 %; NaN where none are."""
        n = self.n
        if not n:
            return [math.nan for _ in shares]
        ordered = list(self._ordered())
        return [_value_at(ordered, math.ceil(share * n) or 1) for share in shares]

    def pack(self) -> bytes:
        """The sketch as bytes."""
        packed = bytearray(_varint(self.zeros))
        for buckets in (self.negative, self.positive):
            packed += _varint(len(buckets))
            before = 0
            for index in sorted(buckets):
                packed += _varint(_zigzag(index - before)) + _varint(buckets[index])
                before = index
        return bytes(packed)

    @classmethod
    def unpack(cls, packed: bytes) -> Sketch:
        """The sketch of `pack`; raises ValueError for what is none."""
        sketch = cls()
        sketch.add_packed(packed)
        return sketch

    def add_packed(self, packed: bytes) -> None:
        """Count what a packed one has counted."""
        numbers = iter(_integers(packed))
        try:
            self.zeros += next(numbers)
            for buckets in (self.negative, self.positive):
                index = 0
                for _ in range(next(numbers)):
                    step = next(numbers)
                    index += (step >> 1) ^ -(step & 1)
                    buckets[index] += next(numbers)
        except StopIteration:
            raise ValueError("a sketch that is cut off") from None

    def _ordered(self) -> Iterator[tuple[float, int]]:
        """Middles of buckets, lowest first, with their counts."""
        yield from ((-_middle(i), n) for i, n in sorted(self.negative.items(), reverse=True))
        if self.zeros:
            yield 0.0, self.zeros
        yield from ((_middle(i), n) for i, n in sorted(self.positive.items()))


def merged(sketches: Iterable[bytes]) -> Sketch:
    """One sketch of many packed ones."""
    whole = Sketch()
    for packed in sketches:
        whole.add_packed(packed)
    return whole


def _middle(index: int) -> float:
    return math.exp(min(index * _LOG_GAMMA, _LARGEST_LOG)) * _MIDDLE


def _value_at(ordered: list[tuple[float, int]], rank: int) -> float:
    counted = 0
    for value, n in ordered:
        counted += n
        if counted >= rank:
            return value
    return ordered[-1][0]


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _varint(number: int) -> bytes:
    packed = bytearray()
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)
    return bytes(packed)


def _integers(packed: bytes) -> list[int]:
    numbers: list[int] = []
    number = shift = 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            numbers.append(number)
            number = shift = 0
    if shift:
        raise ValueError("a sketch that is cut off")
    return numbers
