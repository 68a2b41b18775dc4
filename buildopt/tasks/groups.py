"""How the output of one of several tasks is set off from that of the others.

    buildopt: web#build: executed in 1.21 s, `web/src/a.ts` changed; stored
    … what it printed …

In GitHub Actions the line opens a group that a reader can fold. With `--quiet` nothing of it is
there, only what the tasks printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from buildopt.execute.streams import STDERR, STDOUT
from buildopt.tasks.spool import Piece


def grouped(
    head: str, pieces: Iterable[Piece], *, in_github: bool, joined: bool
) -> Iterator[Piece]:
    """The pieces behind a line of ours; `joined`: stdout and stderr are one object."""
    ours = STDOUT if in_github else STDERR
    lead, end = ("::group::", "::endgroup::\n") if in_github else ("", "")
    yield ours, f"{lead}{head}\n".encode("utf-8", "backslashreplace")
    is_at_start = True
    for target, data in pieces:
        if data and (joined or target == ours):
            is_at_start = data.endswith(b"\n")
        yield target, data
    if not is_at_start:
        yield ours, b"\n"
    if end:
        yield ours, end.encode()
