"""Stores what a run left behind: contents first, then the record that makes them visible."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import NamedTuple

from buildopt.cache import streams
from buildopt.cache.artifacts import Artifacts
from buildopt.model import CacheEntry, Chunk, Execution, OutputState
from buildopt.secrets_found import Secrets, as_bytes, names_in


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


class Sought(NamedTuple):
    """What is searched for in all that is stored: the checkout's path and name, and secrets."""

    root: str
    secrets: Secrets
    is_for_one_build: bool = False
    """The root is a folder of one build alone: a text that names it serves the next one too."""


def store(
    outputs: Iterable[str], removed: tuple[str, ...], execution: Execution, artifacts: Artifacts,
    sought: Sought,
) -> Stored:  # fmt: skip
    """Store the contents of `outputs` and the streams. Raises CannotStore, OSError."""
    root, secrets = sought.root, sought.secrets
    above, name = _needles(root)
    needles = (above, name, *map(as_bytes, secrets.values()))
    found: set[bytes] = set()
    states: list[OutputState] = []
    grown = 0
    for path in outputs:
        state, added, held = _put(path, artifacts, needles)
        states.append(state)
        grown += added
        found |= held
    packed = streams.pack(execution.chunks or (), execution.stdin_bytes)
    digest, added = artifacts.put_bytes(packed)
    found |= _printed(execution.chunks or (), needles[2:] if sought.is_for_one_build else needles)
    entry = CacheEntry(
        key="",
        exit_code=execution.exit_code,
        outputs=tuple(states),
        removed=removed,
        streams_digest=digest,
        usage=execution.usage,
        bound_to=root if above in found else "",
        named=os.path.basename(root) if name in found else "",
        secrets=names_in(secrets, found),
    )
    return Stored(entry=entry, grown_bytes=grown + added)


def size_of(outputs: Iterable[str]) -> int:
    """The bytes of those outputs that are files; one that is gone counts as none."""
    size_bytes = 0
    for path in outputs:
        try:
            status = os.lstat(path)
        except OSError:
            continue
        size_bytes += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return size_bytes


def _needles(root: str) -> tuple[bytes, bytes]:
    """What tells that a result belongs to one checkout: path of the folder above, and the name."""
    above, name = os.path.split(root)
    return os.fsencode(above if len(above) > 1 else root), os.fsencode(name or root)


def _printed(chunks: Iterable[Chunk], needles: tuple[bytes, ...]) -> set[bytes]:
    """Those of the needles that a stream printed, in however many pieces."""
    printed: dict[str, list[bytes]] = {}
    for chunk in chunks:
        printed.setdefault(chunk.stream, []).append(chunk.data)
    return {needle for pieces in printed.values() for needle in _held(b"".join(pieces), needles)}


def _put(
    path: str, artifacts: Artifacts, needles: tuple[bytes, ...]
) -> tuple[OutputState, int, set[bytes]]:
    """One output; what it grew the cache by; which of the needles it holds."""
    status = os.lstat(path)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        return OutputState(kind="directory", path=path, mode=mode), 0, set()
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(path)
        return (
            OutputState(kind="link", path=path, digest=target),
            0,
            _held(os.fsencode(target), needles),
        )
    if not stat.S_ISREG(status.st_mode):
        raise CannotStore("incomplete", path)
    return artifacts.put_file(path, status, needles)


def _held(data: bytes, needles: tuple[bytes, ...]) -> set[bytes]:
    return {needle for needle in needles if needle in data}
