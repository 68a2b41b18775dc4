"""Words in GitHub's Markdown that keep to their place, and a text that keeps to its size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from buildopt.phrases import Phrase, printable

ROWS = 10
"""Rows of a table or a list; the HTML report and the JSON document have all."""


def code(name: str) -> str:
    """A code span that no name can leave, nor its line."""
    shown = printable(name)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    space = " " if "`" in shown else ""
    return f"{fence}{space}{shown}{space}{fence}"


def text(plain: str) -> str:
    """Words in which nothing is markup, a mention or a reference.

    GitHub looks for the last two in the text that is shown, so they are broken by a space of no
    width.
    """
    escaped = re.sub(r"([\\`*_\[\]<>|~&$])", r"\\\1", printable(plain))
    return re.sub(r"([@#])(?=\w)", "\\1\u200b", escaped)


def sentence(told: str) -> str:
    """A sentence whose names stand in backticks: they become code."""
    parts = told.split("`")
    if len(parts) % 2 == 0:
        return text(told)
    return "".join(
        code(part) if place % 2 and part else text(part) for place, part in enumerate(parts)
    )


def phrase(told: Phrase) -> str:
    """A sentence with its name as code."""
    return text(told.lead) + (code(told.name) if told.name else "") + text(told.tail)


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, most: int = ROWS, left_out: int = 0
) -> Iterator[str]:
    """A table after an empty line, with how many rows are left out; nothing for no rows.

    A head that ends in a colon is one of numbers, at the right.
    """
    if not rows:
        return
    yield ""
    yield _row(head.rstrip(":") for head in heads)
    yield _row("---:" if head.endswith(":") else "---" for head in heads)
    for row in rows[:most]:
        yield _row(row)
    if more := len(rows[most:]) + left_out:
        yield _row([f"and {more:,} more", *("" for _ in heads[1:])])


def within(lines: Iterable[str], limit_bytes: int, ending: str) -> str:
    """The lines as one text of at most that many bytes: whole lines, and how it was cut."""
    kept: list[str] = []
    room = limit_bytes - len(f"\n{ending}\n".encode())
    for line in lines:
        room -= len(f"{line}\n".encode("utf-8", "backslashreplace"))
        if room < 0:
            kept += ["", ending]
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_kept, cells))} |"


def _kept(cell: str) -> str:
    """The cell, which no bar in its words or in its code ends."""
    return re.sub(r"(?<!\\)\|", r"\\|", cell)
