"""Measure the files of an output: sizes, compressed sizes, and whose the bytes are."""

from __future__ import annotations

import msgspec

from buildopt.bundle.map_search import Owned, generated_file, owners_of
from buildopt.bundle.memo import Memo
from buildopt.bundle.model import OutputFile, Problem
from buildopt.bundle.outputs import CODE_ENDINGS
from buildopt.bundle.place import Place
from buildopt.bundle.reading import TooLarge, read_whole, shown
from buildopt.bundle.sizes import Measuring, Method, digest

LARGEST_FILE_BYTES = 1_000_000_000
"""A file of this size is no part of a web page; more would not fit the memory."""


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """How to measure, and the memos to measure with."""

    methods: tuple[Method, ...]
    sizes: Memo
    shares: Memo


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """All files of an output; `owned` has one row for each file of code."""

    files: tuple[OutputFile, ...]
    owned: tuple[Owned, ...]
    problems: tuple[Problem, ...]


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose sizes are being measured."""

    name: str
    sha256: str
    raw: int


def measure_files(place: Place, means: Means) -> Measured:
    """Every file of the place; one that cannot be read is a problem, and the rest goes on."""
    measuring = Measuring(means.methods, means.sizes)
    read: list[_Read] = []
    owned: list[Owned] = []
    problems: list[Problem] = []
    try:
        for name in place.files:
            file = generated_file(place, name)
            try:
                content = read_whole(file.path, LARGEST_FILE_BYTES)
            except (OSError, TooLarge) as error:
                problems.append(Problem(path=name, message=shown(f"not measured: {error}")))
                continue
            read.append(_Read(name=name, sha256=digest(content), raw=len(content)))
            measuring.add(content, read[-1].sha256)
            if name.endswith(CODE_ENDINGS):
                owned.append(owners_of(content, read[-1].sha256, file, means.shares))
        files = tuple(_output_file(one, measuring) for one in read)
    finally:
        measuring.close()
    troubled = [
        Problem(path=one.attribution.path, message=one.trouble) for one in owned if one.trouble
    ]
    return Measured(files=files, owned=tuple(owned), problems=(*problems, *troubled))


def _output_file(read: _Read, measuring: Measuring) -> OutputFile:
    sizes = measuring.sizes(read.sha256, read.raw)
    return OutputFile(
        path=read.name,
        raw=sizes.raw,
        gzip=sizes.gzip,
        brotli=sizes.brotli,
        zstd=sizes.zstd,
        sha256=read.sha256,
    )
