"""The line of a failed command's output that says first what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from buildopt.model import Chunk

LONGEST_LINE = 200
MOST_BYTES = 1_000_000
"""Of the end of the output: what made a command fail is not far from there."""
STRONG = re.compile(
    rb"(?i)(?<![\w-])(?:[\w.]*error|[\w.]*exception|fatal|panic(?:ked)?)\b(?![.\w=-])"
)
WEAK = re.compile(rb"(?i)(?<![\w-])(?:failed|failure|not found|no such file|cannot|undefined)\b")
NO_ERROR = re.compile(
    rb"(?i)\b(?:0|no)\s+(?:errors?|failed|failures?)\b"
    rb"|^\s*(?:File \"|npm (?:warn|error|err!|notice))"
)
"""Sums without errors, frames of tracebacks, and what npm says of a script that has spoken."""
ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")


def first_error(chunks: Iterable[Chunk], hide: Callable[[str], str] = str) -> str:
    """That line, or the last that was printed where none looks like an error; empty for none.

    `hide` takes out what nobody is to see, before a part of that is cut off.
    """
    output = b"".join(chunk.data for chunk in chunks)[-MOST_BYTES:]
    text = ESCAPES.sub(b"", output).replace(b"\r", b"\n")
    for pattern in (STRONG, WEAK):
        for line, rest in _lines_with(pattern, text):
            return _shown(line + b" " + _next(rest) if line.endswith(b":") else line, hide)
    told = [line for line in text.splitlines() if line.strip() and not NO_ERROR.search(line)]
    return _shown(told[-1], hide) if told else ""


def _lines_with(pattern: re.Pattern[bytes], text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Lines in which the pattern occurs, each with some of what follows."""
    end = -1
    for found in pattern.finditer(text):
        if found.start() < end:
            continue
        start = text.rfind(b"\n", 0, found.start()) + 1
        end = text.find(b"\n", found.end())
        end = len(text) if end < 0 else end
        line = text[start:end].strip()
        if not NO_ERROR.search(line):
            yield line, text[end : end + 10 * LONGEST_LINE]


def _next(rest: bytes) -> bytes:
    """The line that a colon speaks of."""
    return next((line.strip() for line in rest.splitlines() if line.strip()), b"")


def _shown(line: bytes, hide: Callable[[str], str]) -> str:
    text = " ".join(hide(line.decode("utf-8", "replace")).split())
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 1] + "…"
