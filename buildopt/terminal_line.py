"""One line of ours that comes and goes on the user's terminal: how it is drawn, who may see it.

Drawing leaves the cursor where it was. So what comes next is written over the line, erasing needs
no memory of what stood before, and none of the terminal's settings is touched.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping

ERASED = b"\x1b[K"
"""Erases from the cursor to the end of its line (EL of ECMA-48)."""

ERASED_BELOW = b"\x1b[J"
"""Erases further rows too (ED), into which a narrower window may have broken the line."""

STDOUT, STDERR = 1, 2
LEAST_COLUMNS = 16
"""In fewer than these a title says nothing."""


def is_welcome(environ: Mapping[str, str]) -> bool:
    """Whether a person looks at our stderr who can see a line come and go.

    Not where our stdout is a pipe: a pager or `tee` behind us may write to the same terminal.
    """
    is_ci = environ.get("CI", "") not in ("", "0", "false")
    if is_ci or environ.get("TERM", "dumb") == "dumb" or not os.isatty(STDERR):
        return False
    return not _is_pipe(STDOUT)


def is_in_foreground() -> bool:
    """Whether our stderr is the terminal that our process group may use at this moment."""
    try:
        return os.tcgetpgrp(STDERR) == os.getpgrp()
    except (OSError, AttributeError):  # another session's terminal; no job control here
        return False


def drawn(text: str, columns: int, tail: str = "") -> bytes:
    """What draws `text` and `tail` and takes the cursor back (DECSC, DECRC).

    In less than `columns`: the text is cut to leave room for the tail, unless that leaves none.
    """
    encoding = sys.stderr.encoding or "ascii"
    is_unicode = encoding.lower().replace("-", "") == "utf8"
    if not is_unicode:
        text = text.encode("ascii", "backslashreplace").decode()
    if columns - len(tail) < LEAST_COLUMNS:
        tail = ""
    line = cut(text, columns - 1 - len(tail), mark="…" if is_unicode else "...") + tail
    return b"\x1b7" + line.encode(encoding, "backslashreplace") + ERASED + b"\x1b8"


def cut(text: str, columns: int, *, mark: str) -> str:
    """`text`, or its beginning and `mark` where it takes more than `columns`."""
    widths = [1] * len(text) if text.isascii() else [_width(character) for character in text]
    if sum(widths) <= columns:
        return text
    room = columns - len(mark)
    kept = 0
    while kept < len(text) and widths[kept] <= room:
        room -= widths[kept]
        kept += 1
    return text[:kept] + mark


def terminal_columns() -> int:
    """Width of our stderr; 80 where it does not tell."""
    try:
        return os.get_terminal_size(STDERR).columns or 80
    except OSError:
        return 80


def _width(character: str) -> int:
    import unicodedata  # 1 MB of tables, for names that are not ASCII

    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_pipe(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
