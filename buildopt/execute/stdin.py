"""What of our stdin a record has to know: the content of a file, else whether it is open."""

from __future__ import annotations

import os
from hashlib import blake2b

from buildopt.execute.command import StdinChoice
from buildopt.execute.streams import stdin_is_at_end, stdin_kind, stdin_offset_bytes

STDIN_SUBJECT = "content of stdin"
"""Stands among the variables of a run whose stdin is a regular file; no variable can be so named
in a shell."""


def stdin_is_open(choice: StdinChoice) -> bool:
    """Whether the command could read something that no record knows of."""
    return choice == "inherit" and stdin_kind() == "pipe" and not stdin_is_at_end()


def stdin_offset(choice: StdinChoice) -> int:
    """From where the command will read a stdin that is a regular file, else 0."""
    return stdin_offset_bytes() if choice == "inherit" and stdin_kind() == "file" else 0


def stdin_content(choice: StdinChoice, secret: bytes, offset: int) -> dict[str, str]:
    """A stdin that is a regular file counts with what is left of it, like a variable.

    So does one that is closed, or that cannot be read.
    """
    kind = stdin_kind()
    if choice != "inherit" or kind not in ("file", "closed"):
        return {}
    if kind == "closed":
        return {STDIN_SUBJECT: "closed"}  # what we plugged it with could be read
    state = blake2b(key=secret, digest_size=16)
    try:
        while piece := os.pread(0, 1 << 20, offset):
            state.update(piece)
            offset += len(piece)
    except OSError as error:
        return {STDIN_SUBJECT: f"unreadable ({error.errno})"}
    return {STDIN_SUBJECT: state.hexdigest()}


def skip_stdin(choice: StdinChoice, size_bytes: int) -> None:
    """Leave the offset where the command would have left it, which moved it by so much."""
    if choice == "inherit" and size_bytes and stdin_kind() == "file":
        os.lseek(0, size_bytes, os.SEEK_CUR)
