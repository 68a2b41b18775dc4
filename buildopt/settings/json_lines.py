"""Where keys stand in a JSON text: the parser of the standard library does not tell.

The text has been parsed before, so what is read here is well-formed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator

KeyPath = tuple[str, ...]
Keys = Generator[tuple[KeyPath, int], None, int]
"""Keys with their offsets; at the end the offset behind the value."""
BLANK = re.compile(r"[\s,:]*")
SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\]}]+')


def json_keys(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Each key with its path from the top and the offset at which it stands, in their order."""
    yield from _value(text, 0, ())


def _value(text: str, at: int, path: KeyPath) -> Keys:
    at = _after_blank(text, at)
    if text[at] == "{":
        return (yield from _object(text, at + 1, path))
    if text[at] == "[":
        return (yield from _array(text, at + 1, path))
    return _after_scalar(text, at)


def _object(text: str, at: int, path: KeyPath) -> Keys:
    at = _after_blank(text, at)
    while text[at] != "}":
        start, at = at, _after_scalar(text, at)
        name = str(json.loads(text[start:at]))
        yield (*path, name), start
        at = yield from _value(text, at, (*path, name))
        at = _after_blank(text, at)
    return at + 1


def _array(text: str, at: int, path: KeyPath) -> Keys:
    at = _after_blank(text, at)
    while text[at] != "]":
        at = yield from _value(text, at, path)
        at = _after_blank(text, at)
    return at + 1


def _after_scalar(text: str, at: int) -> int:
    found = SCALAR.match(text, at)
    return found.end() if found else len(text)


def _after_blank(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    return found.end() if found else at
