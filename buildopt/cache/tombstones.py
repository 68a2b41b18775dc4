"""Tells a task whose records were evicted from one that was never recorded.

`records/PROJECT/TASK/evicted` holds nothing: its time says when. It begins as a record does, so
that a check of the whole cache finds it sound.
"""

from __future__ import annotations

import os
import time

import xxhash

from buildopt.cache import files

NAME = "evicted"
_BODY = b"{}"


def set_up(folder: str) -> None:
    """Take note that records in a task's folder were just evicted."""
    checksum = xxhash.xxh3_128_hexdigest(_BODY).encode()
    try:
        files.publish_pieces(
            os.path.join(folder, NAME), (b"buildopt-evicted 1 %s\n" % checksum, _BODY)
        )
    except OSError:
        pass  # then the miss is told as one without a record


def day_of(folder: str) -> str:
    """`2026-11-24`, the day of the last eviction from a task's folder; empty without one."""
    try:
        status = os.stat(os.path.join(folder, NAME))
    except OSError:
        return ""
    return time.strftime("%Y-%m-%d", time.gmtime(status.st_mtime))
