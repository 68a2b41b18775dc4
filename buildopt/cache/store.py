"""Stores what a run left behind: contents first, then the record that makes them visible."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import NamedTuple

from buildopt.cache import streams
from buildopt.cache.artifacts import Artifacts
from buildopt.model import CacheEntry, Execution, OutputState


class CannotStore(Exception):
    """An output cannot be kept: `subject` is its path, `kind` says whose trouble it is."""

    def __init__(self, kind: str, subject: str) -> None:
        super().__init__(subject)
        self.kind = kind
        self.subject = subject


class Stored(NamedTuple):
    """An entry, not yet recorded, and the bytes that the cache grew by for it."""

    entry: CacheEntry
    grown_bytes: int


def store(
    outputs: Iterable[str], removed: tuple[str, ...], execution: Execution, artifacts: Artifacts,
    root: str,
) -> Stored:  # fmt: skip
    """Store the contents of `outputs` and the streams. Raises CannotStore, OSError."""
    states: list[OutputState] = []
    grown = 0
    holds_root = False
    for path in outputs:
        state, added, found = _put(path, artifacts, root)
        states.append(state)
        grown += added
        holds_root = holds_root or found
    packed = streams.pack(execution.chunks or ())
    digest, added = artifacts.put_bytes(packed)
    entry = CacheEntry(
        key="",
        exit_code=execution.exit_code,
        outputs=tuple(states),
        removed=removed,
        streams_digest=digest,
        usage=execution.usage,
        bound_to=root if holds_root or os.fsencode(root) in packed else "",
    )
    return Stored(entry=entry, grown_bytes=grown + added)


def _put(path: str, artifacts: Artifacts, root: str) -> tuple[OutputState, int, bool]:
    """One output; what it grew the cache by; whether it holds the root's path."""
    status = os.lstat(path)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        return OutputState(kind="directory", path=path, mode=mode), 0, False
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(path)
        return OutputState(kind="link", path=path, digest=target), 0, root in target
    if not stat.S_ISREG(status.st_mode):
        raise CannotStore("incomplete", path)
    return artifacts.put_file(path, status, os.fsencode(root))
