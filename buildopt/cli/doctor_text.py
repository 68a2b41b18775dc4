"""The checks for people: the sum first, then a row for each, and below it how to mend it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import chain

import click

from buildopt.doctor.caller_verdicts import has_colours, is_utf8
from buildopt.doctor.check import Check, Status
from buildopt.doctor.facts import Terminal
from buildopt.phrases import printable
from buildopt.quantities import counted

Sections = tuple[tuple[str, tuple[Check, ...]], ...]
"""Checks under their titles, as `verdicts.judge` gives them."""

SHAPES: dict[Status, str] = {"ok": "●", "warning": "▲", "problem": "✕", "unknown": "○"}
ASCII_SHAPES: dict[Status, str] = {"ok": " ", "warning": "!", "problem": "x", "unknown": "?"}
COLOURS: dict[Status, str] = {
    "ok": "green",
    "warning": "yellow",
    "problem": "red",
    "unknown": "yellow",
}
NOUNS: tuple[tuple[Status, str, str], ...] = (
    ("problem", "problem", "problems"),
    ("warning", "warning", "warnings"),
    ("unknown", "unknown", "unknown"),
)
LEAST_WIDTH = 24
"""Columns below which a wrapped text is harder to read than one that the terminal breaks."""


def print_sections(sections: Sections, terminal: Terminal) -> None:
    """Print them on stdout, in the colours and characters that it has."""
    colours = has_colours(terminal)[0]
    for line in lines_of(sections, terminal):
        encoded = line.encode(terminal.encoding, "backslashreplace").decode(terminal.encoding)
        click.echo(encoded, color=colours)


def lines_of(sections: Sections, terminal: Terminal) -> Iterator[str]:
    """The lines, styled, wrapped to the width of a terminal; elsewhere a line a text."""
    checks = tuple(chain.from_iterable(rows for _, rows in sections))
    shapes = SHAPES if is_utf8(terminal.encoding) else ASCII_SHAPES
    name_width = max(len(check.name) for check in checks)
    width = terminal.columns if terminal.is_terminal else 0
    yield from (click.style(line, bold=True) for line in _wrapped(_sum(checks), width))
    for title, rows in sections:
        yield ""
        yield click.style(title, bold=True)
        for check in rows:
            lead = f"{shapes[check.status]} {check.status:<7}"
            name = f"  {check.name:<{name_width}}  "
            indent = len(f"  {lead}{name}")
            first, *others = _texts(check, width - indent)
            yield f"  {click.style(lead, fg=COLOURS[check.status])}{name}{first}"
            yield from (" " * indent + text for text in others)


def _sum(checks: Iterable[Check]) -> str:
    """`1 problem (cache-folder), 2 warnings (kernel, git)`, or that all is well."""
    names = {
        status: [check.name for check in checks if check.status == status] for status, *_ in NOUNS
    }
    parts = [
        f"{counted(len(names[status]), one, many)} ({', '.join(names[status])})"
        for status, one, many in NOUNS
        if names[status]
    ]
    return ", ".join(parts) or "everything works"


def _texts(check: Check, width: int) -> list[str]:
    """What was found and how to mend it, in lines of at most `width` columns."""
    texts = [check.found, f"to mend: {check.mend}"] if check.mend else [check.found]
    return [line for text in texts for line in _wrapped(printable(text), width)]


def _wrapped(text: str, width: int) -> list[str]:
    if width < LEAST_WIDTH:
        return [text]
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
