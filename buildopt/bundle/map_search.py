"""Read the map of a generated file, wherever it is, and share out the file's bytes by it."""

from __future__ import annotations

import os
from collections.abc import Iterable

import msgspec
import xxhash
from msgspec.structs import replace

from buildopt.bundle import source_map
from buildopt.bundle.attribution import (
    Shares,
    Span,
    share_of_unmapped,
    share_out,
    spans_of,
)
from buildopt.bundle.inventory import attribution_of, modules_of
from buildopt.bundle.map_comment import MapComment, find_map_comment, inline_map, map_candidates
from buildopt.bundle.mappings import MalformedMappings
from buildopt.bundle.memo import Memo
from buildopt.bundle.model import Attribution, MapState, Module
from buildopt.bundle.place import Place
from buildopt.bundle.reading import TooLarge, note, read_whole, shown
from buildopt.bundle.source_map import UnreadableMap

FORMAT = b"owners 3"
"""Version of what is remembered; rises when the rule of attribution or the records change."""
LARGEST_MAP_BYTES = 1_000_000_000


class FoundMap(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of a map, or why there are none."""

    state: MapState
    data: bytes = b""
    path: str = ""
    trouble: str = ""


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """Whose the bytes of one file are; `trouble` says what is wrong with its map."""

    attribution: Attribution
    modules: tuple[Module, ...] = ()
    trouble: str = ""


class GeneratedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of code: its path on disk, and the folders from which its map may be read.

    `name` is its path relative to the output folder, the first of `folders`.
    """

    path: str
    name: str
    folders: tuple[str, ...]


def generated_file(place: Place, name: str) -> GeneratedFile:
    """The file of that name in an output folder."""
    return GeneratedFile(path=place.files[name], name=name, folders=(place.output, place.project))


def owners_of(content: bytes, sha256: str, file: GeneratedFile, memo: Memo) -> Owned:
    """Share out the content of a file; a broken map makes it unmapped, with a reason."""
    comment = find_map_comment(content)
    found = find_map(file, comment)
    if found.state not in ("file", "inline"):
        shares = share_of_unmapped(content, comment)
        return _without_map(file, found, shares)
    key = _key(sha256, found.data, file.name)
    known = _remembered(memo.get(key), file.name, len(content))
    if known:
        return known
    try:
        parsed = source_map.parse(found.data)
        shares = share_out(content, parsed, comment)
    except (UnreadableMap, MalformedMappings) as error:
        where = shown(found.path) if found.path else "the map in the file"
        trouble = f"{where}: {error}"
        broken = FoundMap(state="unreadable", trouble=trouble)
        return _without_map(file, broken, share_of_unmapped(content, comment))
    silent = len({name for name in parsed.sources if name is not None} - set(shares.sources))
    row = attribution_of(file.name, found.state, shares)
    owned = Owned(
        attribution=replace(row, silent_sources=silent),
        modules=modules_of(file.name, shares.sources),
    )
    memo.put(key, msgspec.json.encode(owned))
    return owned


def _key(sha256: str, map_data: bytes, name: str) -> bytes:
    """Under which the owners of a file are remembered, on this machine only."""
    digests = (sha256.encode(), xxhash.xxh3_128_hexdigest(map_data).encode())
    return b" ".join((FORMAT, *digests, name.encode()))


def _without_map(file: GeneratedFile, found: FoundMap, shares: Shares) -> Owned:
    row = attribution_of(file.name, found.state, shares)
    return Owned(attribution=row, trouble=found.trouble)


def spans_in(content: bytes, file: GeneratedFile) -> list[Span]:
    """The stretches of a file with their sources; none where it has no readable map."""
    comment = find_map_comment(content)
    found = find_map(file, comment)
    try:
        return list(spans_of(content, source_map.parse(found.data), comment)) if found.data else []
    except (UnreadableMap, MalformedMappings):
        return []


def find_map(file: GeneratedFile, comment: MapComment | None) -> FoundMap:
    """The map that the comment names, or else the one beside the file."""
    if comment and comment.is_inline:
        try:
            return FoundMap(state="inline", data=inline_map(comment.url))
        except ValueError as error:
            return FoundMap(state="unreadable", trouble=f"the map in the file: {error}")
    for candidate in map_candidates(file.path, comment.url if comment else "", file.folders[0]):
        if not _is_below(note(candidate), file.folders):
            trouble = f"the map `{shown(candidate)}` lies outside of the project; not read"
            return FoundMap(state="missing", trouble=trouble)
        try:
            data = read_whole(candidate, LARGEST_MAP_BYTES)
        except FileNotFoundError:
            continue
        except (OSError, TooLarge) as error:
            return FoundMap(state="unreadable", trouble=shown(f"{candidate}: {error}"))
        return FoundMap(state="file", data=data, path=candidate)
    if comment:
        return FoundMap(state="missing", trouble=f"its map `{comment.url[:200]}` is not there")
    return FoundMap(state="none")


def _is_below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path lies in one of the folders, links followed."""
    real = os.path.realpath(path)
    tops = (os.path.realpath(folder) for folder in folders if folder)
    return any(real.startswith(top.rstrip(os.sep) + os.sep) for top in tops)


def _remembered(value: bytes | None, name: str, size_bytes: int) -> Owned | None:
    """What the memo holds, if it is whole and adds up to the file."""
    if value is None:
        return None
    try:
        kept = msgspec.json.decode(value, type=Owned)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    row = kept.attribution
    parts = (row.mapped, row.unmapped, row.line_ends, row.map_comment)
    counts = [module.bytes for module in kept.modules]
    is_whole = (
        row.path == name
        and sum(parts) == size_bytes
        and sum(counts) == row.mapped
        and sum(row.unmapped_kinds.values()) == row.unmapped
        and min(*parts, *counts, *row.unmapped_kinds.values()) >= 0
    )
    return kept if is_whole else None
