"""Write source maps by hand, and read them by the letter of the rule: slow, and plain."""

import json
import re

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def number(value):
    """The base 64 digits of a number."""
    rest = (-value << 1) | 1 if value < 0 else value << 1
    digits = ""
    while True:
        rest, low = rest >> 5, rest & 31
        digits += DIGITS[low | (32 if rest else 0)]
        if not rest:
            return digits


def mappings_of(lines):
    """The text for lines of `(column, source)`; a source of None stands for a bare column."""
    last_source = 0
    text = []
    for line in lines:
        last_column = 0
        segments = []
        for column, source in line:
            segment = number(column - last_column)
            last_column = column
            if source is not None:
                segment += number(source - last_source) + "AA"
                last_source = source
            segments.append(segment)
        text.append(",".join(segments))
    return ";".join(text)


def map_of(sources, lines, **more):
    """The bytes of a map."""
    fields = {"version": 3, "sources": sources, "names": [], "mappings": mappings_of(lines)}
    return json.dumps(fields | more).encode()


def slow_shares(content, sources, lines, comment=None):
    """Bytes by source, unmapped and line ends, one character after the other."""
    shares = {}
    unmapped = ends = 0
    texts = re.split(r"(\r\n|\n|\r)", content.decode("utf-8", "surrogateescape"))
    place = 0
    for number_, (text, end) in enumerate(zip(texts[::2], [*texts[1::2], ""], strict=True)):
        owners = lines[number_] if number_ < len(lines) else []
        unit = 0
        for character in text:
            count = len(character.encode("utf-8", "surrogateescape"))
            is_comment = comment and comment[0] <= place < comment[1]
            before = [owner for column, owner in sorted_by_column(owners) if column <= unit]
            if not is_comment and not before:
                unmapped += count
            elif not is_comment:
                source = sources[before[-1]] if before[-1] is not None else None
                name = "[no source]" if source is None else source
                shares[name] = shares.get(name, 0) + count
            place += count
            unit += 2 if ord(character) > 0xFFFF else 1
        ends += len(end)
        place += len(end)
    return shares, unmapped, ends


def sorted_by_column(owners):
    """In the order of columns; equal ones stay as they were."""
    return sorted(owners, key=lambda owner: owner[0])
