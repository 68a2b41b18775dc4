"""Where keys stand in a TOML text: the parser of the standard library does not tell.

The text has been parsed before, so what is read here is well-formed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Generator, Iterator

KeyPath = tuple[str, ...]
Keys = Generator[tuple[KeyPath, int], None, int]
"""Keys with their offsets; at the end the offset behind the value."""
BLANK = re.compile(r"(?:[\s,]|#[^\n]*)*")
"""Between statements, and between the members of lists and inline tables."""
KEY = re.compile(r'[ \t]*("(?:[^"\\]|\\.)*"|\'[^\']*\'|[^\s.=\]"\']+)[ \t]*')
SCALAR = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'"
    r"|[^,\]}#\n]+",
    re.DOTALL,
)


def toml_keys(text: str) -> Iterator[tuple[KeyPath, int]]:
    """Each key with its path from the top and the offset at which it stands, in their order."""
    table: KeyPath = ()
    at = _after_blank(text, 0)
    while at < len(text):
        start = at
        if text[at] == "[":
            table, at = _dotted(text, at + 2 if text.startswith("[[", at) else at + 1)
            yield table, start
            at = text.index("]", at) + (2 if text.startswith("]]", at) else 1)
        else:
            path, at = _dotted(text, at)
            yield table + path, start
            at = yield from _value(text, at + 1, table + path)
        at = _after_blank(text, at)


def _value(text: str, at: int, path: KeyPath) -> Keys:
    at = _after_blank(text, at)
    if text[at] == "{":
        return (yield from _inline_table(text, at + 1, path))
    if text[at] != "[":
        found = SCALAR.match(text, at)
        return found.end() if found else len(text)
    at = _after_blank(text, at + 1)
    while text[at] != "]":
        at = yield from _value(text, at, path)
        at = _after_blank(text, at)
    return at + 1


def _inline_table(text: str, at: int, path: KeyPath) -> Keys:
    at = _after_blank(text, at)
    while text[at] != "}":
        start = at
        name, at = _dotted(text, at)
        yield path + name, start
        at = yield from _value(text, at + 1, path + name)
        at = _after_blank(text, at)
    return at + 1


def _dotted(text: str, at: int) -> tuple[KeyPath, int]:
    """The parts of a key, and the offset behind them."""
    parts: list[str] = []
    while found := KEY.match(text, at):
        parts.append(_unquoted(found[1]))
        at = found.end()
        if not text.startswith(".", at):
            break
        at += 1
    return tuple(parts), at


def _unquoted(part: str) -> str:
    if part[0] == "'":
        return part[1:-1]
    return str(tomllib.loads(f"key = {part}")["key"]) if part[0] == '"' else part


def _after_blank(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    return found.end() if found else at
