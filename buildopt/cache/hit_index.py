"""Writes the hit index (hit.py) of a run that was just found to be as recorded."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from buildopt import hit
from buildopt.cache import files
from buildopt.cache.fingerprint import States
from buildopt.model import Chunk, Observation

_DESCRIPTORS = {"stdout": 1, "stderr": 2, "joined": 1}


class Answer(NamedTuple):
    """What an unchanged run is answered with; `event` holds the marks of hit.py."""

    chunks: tuple[Chunk, ...]
    words: bytes
    event: bytes
    usual_ns: int


def write(
    path: bytes,
    observations: Iterable[Observation],
    states: States,
    more_absent: Iterable[str],
    answer: Answer,
) -> None:
    """Write the index, or none where the signatures would prove nothing. Raises OSError.

    `states` has seen that all `observations` and outputs hold, and what else is to be watched.
    """
    # What is missing below a file is told by the signature of that.
    missing = {o.subject for o in observations if o.kind == "absent" and o.value != "ENOTDIR"}
    absent = missing | states.absent | set(more_absent)
    folders = {o.subject for o in observations if o.kind == "directory"}
    watched = states.signatures
    absent = {place for place in absent if place not in watched}
    if not states.is_lasting or any(map(os.path.lexists, absent)):
        return
    sections = {
        "boot": hit.boot_hash() if states.is_young else b"",
        "watched": _join(watched),
        "absent": _join(absent),
        "folders": _join(folders - watched.keys()),
        "chunks": b"".join(
            b"%d:%d," % (_DESCRIPTORS[chunk.stream], len(chunk.data)) for chunk in answer.chunks
        ),
        "output": b"".join(chunk.data for chunk in answer.chunks),
        "words": answer.words,
        "event": answer.event,
        "usual": b"%d" % answer.usual_ns,
    }
    seen = [number for place in sorted(watched) for number in watched[place]]
    lengths = b" ".join(b"%d" % len(sections[name]) for name in hit.SECTIONS)
    body = b"".join([lengths, b"\n", *(sections[name] for name in hit.SECTIONS)])
    header = b"%s %s " % (hit.MAGIC, hit.seal(body, seen))
    files.publish_pieces(os.fsdecode(path), (header, body))


def _join(paths: Iterable[str]) -> bytes:
    return b"\0".join(os.fsencode(path) for path in sorted(paths))
