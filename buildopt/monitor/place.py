"""Where a monitor runs, and the files by which others find it."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import NamedTuple

from buildopt.cache import files

TOKEN_LENGTH = 22
"""Characters that 128 random bits take."""


class Place(NamedTuple):
    """The folders of a monitor, and where it listens."""

    state: str
    cache: str
    host: str = "127.0.0.1"
    port: int = 0
    token: str = ""
    ready_file: str = ""


def kept_token(state: str) -> str:
    """What opens the server, the same after a restart: an open page finds it again.

    In a file that only the user can read; a random one for this time where none can be kept.
    """
    path = os.path.join(state, "monitor.token")
    try:
        known = files.read(path).decode("ascii").strip()
        if len(known) >= TOKEN_LENGTH:
            return known
    except (OSError, UnicodeDecodeError):
        pass
    token = secrets.token_urlsafe(16)
    with suppress(OSError):
        files.publish(path, token.encode())
    return token


def ready_path(state: str) -> str:
    """The file that tells how to reach the monitor of a state folder, while it runs."""
    return os.path.join(state, "monitor.json")


def lock_path(state: str) -> str:
    """The file that the monitor of a state folder holds locked."""
    return os.path.join(state, "monitor.lock")
