"""Writes the hit index (hit.py) of a run that was just found to be as recorded."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from buildopt import hit
from buildopt.cache import files
from buildopt.cache.fingerprint import States
from buildopt.model import Chunk, Observation, StatSignature

_DESCRIPTORS = {"stdout": 1, "stderr": 2, "joined": 1}


class Answer(NamedTuple):
    """What an unchanged run is answered with; `event` holds the marks of hit.py."""

    chunks: tuple[Chunk, ...]
    words: bytes
    event: bytes
    usual_ns: int


class Seen(NamedTuple):
    """What a decision depends on, as it was before that was made."""

    watched: Mapping[str, StatSignature]
    absent: Collection[str]
    folders: Mapping[str, int]
    """Where a folder must be, whatever is in it, and its mode."""
    is_young: bool
    """Something of it changed so lately that another boot must not believe it."""


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
    seen = [number for place in sorted(watched) for number in watched[place]]
    seen += [states.folder_modes.get(place, 0) for place in sorted(folders - watched.keys())]
    sections = {
        "boot": hit.boot_hash() if states.is_young else b"",
        "watched": _join(watched),
        "absent": _join(absent),
        "folders": _join(folders - watched.keys()),
        "told": b"",
        "chunks": b"".join(
            b"%d:%d," % (_DESCRIPTORS[chunk.stream], len(chunk.data)) for chunk in answer.chunks
        ),
        "output": b"".join(chunk.data for chunk in answer.chunks),
        "words": answer.words,
        "event": answer.event,
        "usual": b"%d" % answer.usual_ns,
    }
    _publish(path, sections, seen)


def write_beside(path: bytes, of_run: bytes, seen: Seen, told: bytes) -> None:
    """Write the index of a call that came to a run whose index is at `of_run`. Raises OSError.

    It is answered as the run is, `told` on stderr before it, while the run's index holds and what
    was `seen` to decide that the call comes to this run is as it was. Where the two contradict
    each other, nothing is written.
    """
    found = hit.read_with_signatures(of_run)
    if found is None:
        return
    sections, signatures = found
    names, folder_names = hit.paths(sections["watched"]), hit.paths(sections["folders"])
    end = len(names) * len(StatSignature._fields)
    watched = dict(zip(names, _rows(signatures[:end]), strict=True))
    folders = dict(zip(folder_names, signatures[end:], strict=True))
    for place, signature in seen.watched.items():
        if watched.setdefault(os.fsencode(place), tuple(signature)) != tuple(signature):
            return
    for place, mode in seen.folders.items():
        if folders.setdefault(os.fsencode(place), mode) != mode:
            return
    folders = {place: mode for place, mode in folders.items() if place not in watched}
    absent = {*hit.paths(sections["absent"]), *map(os.fsencode, seen.absent)}
    if not absent.isdisjoint(watched):
        return
    more = {
        "boot": sections["boot"] or (hit.boot_hash() if seen.is_young else b""),
        "watched": b"\0".join(watched),
        "absent": b"\0".join(sorted(absent)),
        "folders": b"\0".join(folders),
        "told": told,
    }
    numbers = [number for each in watched.values() for number in each]
    _publish(path, sections | more, [*numbers, *folders.values()])


def _rows(numbers: list[int]) -> Iterator[tuple[int, ...]]:
    width = len(StatSignature._fields)
    return (tuple(numbers[at : at + width]) for at in range(0, len(numbers), width))


def _publish(path: bytes, sections: Mapping[str, bytes], seen: list[int]) -> None:
    lengths = b" ".join(b"%d" % len(sections[name]) for name in hit.SECTIONS)
    body = b"".join([lengths, b"\n", *(sections[name] for name in hit.SECTIONS)])
    header = b"%s %s " % (hit.MAGIC, hit.seal(body, seen))
    files.publish_pieces(os.fsdecode(path), (header, body))


def _join(paths: Iterable[str]) -> bytes:
    return b"\0".join(os.fsencode(path) for path in sorted(paths))
