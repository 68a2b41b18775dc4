"""What an analysis says: records whose names are the keys of the JSON document.

`raw`, `gzip`, `brotli`, `zstd`, `compressed` and every `…bytes` count bytes. A figure that is
not known is None, never nought. Paths are relative to the output folder, with `/`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA = 1
"""Version of the document; rises when a key changes its meaning or goes."""

MapState = Literal["file", "inline", "none", "missing", "unreadable"]
"""Where the map of a file was: beside it, in it, not named, named and not there, broken."""
ModuleKind = Literal["app", "package", "generated"]
"""The project's own code, an installed package's, or code that the bundler wrote."""
Role = Literal["initial", "lazy", "other"]
"""Loaded with an entry, loaded later by one, or loaded by no entry that is known."""
ENCODINGS = ("raw", "gzip", "brotli", "zstd")


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of one text or the sum of several, as it is and compressed."""

    raw: int
    gzip: int | None = None
    brotli: int | None = None
    zstd: int | None = None


class Compressor(msgspec.Struct, frozen=True, kw_only=True):
    """How a column of sizes was made: only equal ones may be compared."""

    encoding: str
    library: str
    level: int
    is_estimate: bool


class OutputFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the output."""

    path: str
    raw: int
    gzip: int | None
    brotli: int | None
    zstd: int | None
    sha256: str
    role: Role = "other"


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """Whose the bytes of one JavaScript or CSS file are.

    mapped + unmapped + line_ends + map_comment = size of the file. `unmapped_kinds` adds up to
    `unmapped`; `no_source` is the part of `mapped` that the map gives to the bundler itself.
    """

    path: str
    map: MapState
    mapped: int
    unmapped: int
    line_ends: int
    map_comment: int
    no_source: int
    unmapped_kinds: dict[str, int]
    silent_sources: int = 0
    """Sources that the map lists and gives no byte: many of them mean that it is too coarse."""


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """What one source contributes to one file."""

    file: str
    name: str
    kind: ModuleKind
    instance: str
    """The package's copy, as in `Package.instance`; empty for other kinds."""
    bytes: int


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """One installed copy of a package and the bytes that maps give it, over all files."""

    name: str
    version: str | None
    instance: str
    """Path from the first `node_modules/` on."""
    bytes: int
    files: dict[str, int]
    saving: Sizes | None = None
    """By how much all files shrink without it, measured; None where nobody asked."""
    locked_at: str | None = None
    """Lock file and line that give the version."""
    imported_by: tuple[str, ...] = ()
    """Modules outside of it that import it, as far as statistics tell; twenty at most."""


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """A package of which more than one copy is in the output; a version for each copy."""

    name: str
    versions: tuple[str, ...]
    instances: tuple[str, ...]
    extra_bytes: int
    """Bytes of all copies but the largest."""
    pinned_by: dict[str, str]
    """Copy -> the package or module that brings it."""


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """The shortest way from an entry to a package's copy, in the spelling of the bundler."""

    package: str
    instance: str
    chain: tuple[str, ...]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor of one entry loads at once, and what later."""

    name: str
    initial: tuple[str, ...]
    lazy: tuple[str, ...]
    initial_sizes: Sizes
    lazy_sizes: Sizes
    download_s: dict[str, float]
    """Preset of a network -> seconds for the initial files, computed, not measured."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something to mend: `saving` is measured, or None where only a build can tell."""

    kind: str
    subject: str
    message: str
    fix: str
    bytes: int
    saving: Sizes | None = None
    modules: tuple[str, ...] = ()
    """Names of the modules that it is about, where leaving them out is the way to mend it."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be read, and where; the rest of the analysis holds."""

    path: str
    message: str


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """The bundler, where a statistics file names it."""

    name: str
    version: str


class BundleAnalysis(msgspec.Struct, frozen=True, kw_only=True):
    """An output folder of a bundler."""

    schema: int = SCHEMA
    kind: Literal["bundle"] = "bundle"
    output: str
    tool: Tool | None
    compressors: tuple[Compressor, ...]
    saving_compressors: tuple[Compressor, ...] = ()
    """Those of `Package.saving`: lower levels, see savings.py."""
    files: tuple[OutputFile, ...]
    totals: Sizes
    entries: tuple[Entry, ...]
    attribution: tuple[Attribution, ...]
    packages: tuple[Package, ...]
    modules: tuple[Module, ...]
    duplicates: tuple[Duplicate, ...]
    why: tuple[Why, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]


class ArchiveSize(msgspec.Struct, frozen=True, kw_only=True):
    """An archive as a whole; `entries` counts its files."""

    path: str
    format: str
    bytes: int
    uncompressed: int
    entries: int


class ArchiveFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an archive; `compressed` is None where the format compresses all as one."""

    path: str
    raw: int
    compressed: int | None
    crc32: int | None = None
    """Checksum of the content; None in documents of older versions."""


class NativeLibrary(msgspec.Struct, frozen=True, kw_only=True):
    """An ELF file: its sections, the libraries that it needs, and whether it has symbols."""

    path: str
    sections: dict[str, int]
    needed: tuple[str, ...]
    stripped: bool


class ArchiveAnalysis(msgspec.Struct, frozen=True, kw_only=True):
    """A wheel, a source distribution or any other zip or tar."""

    schema: int = SCHEMA
    kind: Literal["archive"] = "archive"
    archive: ArchiveSize
    files: tuple[ArchiveFile, ...]
    native: tuple[NativeLibrary, ...]
    folders: dict[str, int]
    """First part of the path -> bytes (compressed where known)."""
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]


class ArchiveFolder(msgspec.Struct, frozen=True, kw_only=True):
    """Several archives that stand in one folder."""

    schema: int = SCHEMA
    kind: Literal["archives"] = "archives"
    archives: tuple[ArchiveAnalysis, ...]


Analysis = BundleAnalysis | ArchiveAnalysis | ArchiveFolder


def sizes_of(files: tuple[OutputFile, ...]) -> Sizes:
    """The sum of each column; None where one file lacks it."""
    return Sizes(
        raw=sum(file.raw for file in files),
        gzip=_sum([file.gzip for file in files]),
        brotli=_sum([file.brotli for file in files]),
        zstd=_sum([file.zstd for file in files]),
    )


def _sum(column: list[int | None]) -> int | None:
    known = [value for value in column if value is not None]
    return sum(known) if len(known) == len(column) else None
