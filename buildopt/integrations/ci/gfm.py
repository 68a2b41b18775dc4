"""Words in GitHub's Markdown that keep to their place, and a text that keeps to its size."""

from __future__ import annotations

import re
from collections.abc import Iterable

from buildopt.phrases import Phrase, printable


def code(name: str) -> str:
    """A code span that no name can leave, nor its cell or line."""
    shown = printable(name).replace("|", "\\|")
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


def words(sentence: str) -> str:
    """A sentence whose names stand in backticks: they become code."""
    parts = sentence.split("`")
    if len(parts) % 2 == 0:
        return text(sentence)
    return "".join(
        code(part) if place % 2 and part else text(part) for place, part in enumerate(parts)
    )


def phrase(told: Phrase) -> str:
    """A sentence with its name as code."""
    return text(told.lead) + (code(told.name) if told.name else "") + text(told.tail)


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
