"""Words in GitHub's Markdown that keep to their place, and a text that keeps to its size."""

from __future__ import annotations

import re
from collections.abc import Iterable

from buildopt.phrases import printable


def code(name: str) -> str:
    """A code span that no name can leave, nor its cell or line."""
    shown = printable(name).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    space = " " if "`" in shown else ""
    return f"{fence}{space}{shown}{space}{fence}"


def text(words: str) -> str:
    """Words with names in them: nothing of it is markup, a link, a mention or a reference."""
    escaped = re.sub(r"([\\`*_{}\[\]()<>|#~!&])", r"\\\1", printable(words))
    return re.sub(r"@(?=\w)", "@\u200b", escaped)


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
