"""Where a monitor runs, and the files by which others find it."""

from __future__ import annotations

import os
from typing import NamedTuple


class Place(NamedTuple):
    """The folders of a monitor, and where it listens."""

    state: str
    cache: str
    host: str = "127.0.0.1"
    port: int = 0
    token: str = ""
    ready_file: str = ""


def ready_path(state: str) -> str:
    """The file that tells how to reach the monitor of a state folder, while it runs."""
    return os.path.join(state, "monitor.json")


def lock_path(state: str) -> str:
    """The file that the monitor of a state folder holds locked."""
    return os.path.join(state, "monitor.lock")
