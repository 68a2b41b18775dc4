"""The bundles and archives that a run made, as they were analysed: sizes, what changed, a map."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from buildopt.events import Event, RunFinished
from buildopt.phrases import printable
from buildopt.report.gathered import Gathered
from buildopt.report.processes import Blob

ENCODINGS = {"raw": "Raw", "gzip": "gzip", "brotli": "Brotli", "zstd": "zstd"}
MOST_CELLS = 60
MOST_PACKAGES = 10
MOST_OUTPUTS = 5
HUES = 6
"""As many as tokens.css has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSize:
    """One way to count the bytes of an output; `before_bytes` is None where it was not known."""

    name: str
    bytes: int
    before_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePackage:
    """A package in a bundle, and how it was before."""

    name: str
    bytes: int
    before_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCell:
    """A rectangle of the map: across in percent, down in pixels; `hue` 0 is grey."""

    name: str
    bytes: int
    x: str
    y: str
    width: str
    height: str
    hue: int
    depth: int
    label: str
    fits_narrow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One output."""

    output: str
    kind: str
    sizes: tuple[MadeSize, ...]
    packages: tuple[MadePackage, ...]
    packages_left_out: int
    duplicates: int
    cells: tuple[MadeCell, ...]
    is_by_file: bool
    """No package is known, so that the map has files alone."""


def made_of(found: Gathered, shown: RunFinished, blob: Blob) -> Iterator[Made]:
    """What the run made, or the one by whose record it was answered; the newest analysis each."""
    runs = {shown.run_id, found.run.run_id if found.run else ""}
    own = {str(each.data.get("output")): each for each in found.bundles if each.run in runs}
    for output, event in sorted(own.items())[:MOST_OUTPUTS]:
        before = [
            each.data
            for each in found.bundles
            if each.time_ns < event.time_ns
            and each.run not in runs
            and each.data.get("output") == output
            and not each.data.get("is_estimate")
        ]
        yield _made(output, event, before[-1] if before else {}, blob)


def _made(output: str, event: Event, before: Mapping[str, Any], blob: Blob) -> Made:
    data = event.data
    now, old = _totals(data), _totals(before)
    packages = _packages(data)
    old_packages = _packages(before)
    rows = [
        MadePackage(
            name=printable(name),
            bytes=count,
            before_bytes=old_packages.get(name, 0) if before else None,
        )
        for name, count in sorted(packages.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    duplicates = data.get("duplicates")
    cells = _cells(event, blob)
    is_by_file = bool(cells) and not any(cell.hue for cell in cells)
    return Made(
        output=printable(output),
        kind=str(data.get("kind") or "bundle"),
        sizes=tuple(
            MadeSize(name=name, bytes=count, before_bytes=old.get(name))
            for name, count in now.items()
        ),
        packages=tuple(rows[:MOST_PACKAGES]),
        packages_left_out=max(0, len(rows) - MOST_PACKAGES),
        duplicates=duplicates if isinstance(duplicates, int) else 0,
        cells=tuple(_files_of(cells)) if is_by_file else cells,
        is_by_file=is_by_file,
    )


def _files_of(cells: Iterable[MadeCell]) -> Iterator[MadeCell]:
    """The outermost cells, each with a hue as long as there are some, the largest first."""
    outermost = sorted((cell for cell in cells if not cell.depth), key=lambda cell: -cell.bytes)
    for number, cell in enumerate(outermost, 1):
        yield replace(cell, hue=number if number <= HUES else 0)


def _totals(data: Mapping[str, Any]) -> dict[str, int]:  # Any: JSON
    """Bytes by how they are counted."""
    totals = data.get("totals")
    if isinstance(totals, Mapping):
        return {
            word: int(totals[name])
            for name, word in ENCODINGS.items()
            if isinstance(totals.get(name), int | float)
        }
    archive = data.get("archive")
    if isinstance(archive, Mapping):
        names = {"bytes": "Archive", "uncompressed": "Unpacked"}
        return {word: int(archive.get(name) or 0) for name, word in names.items()}
    return {}


def _packages(data: Mapping[str, Any]) -> dict[str, int]:  # Any: JSON
    """Bytes of each package."""
    found: dict[str, int] = {}
    rows = data.get("packages")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, Mapping):
            name = str(row.get("name") or "?")
            found[name] = found.get(name, 0) + int(row.get("bytes") or 0)
    return found


def _cells(event: Event, blob: Blob) -> tuple[MadeCell, ...]:
    """The map, where the whole analysis is still kept."""
    from buildopt.bundle.document import decode
    from buildopt.report.bundle.treemap import cells_of
    from buildopt.report.bundle.view import view_of

    data = event.data
    try:
        document = blob(str(data.get("document")))
        analysis = decode(document, os.path.join(str(data.get("root")), str(data.get("output"))))
        view = view_of(analysis)
    except Exception:  # noqa: BLE001  # what others wrote; a page without a map is still one
        return ()
    return tuple(
        MadeCell(
            name=cell.node.name,
            bytes=int(cell.node.figures[0]),
            x=cell.x,
            y=cell.y,
            width=cell.width,
            height=cell.height,
            hue=view.hues.get(view.forest.owners[cell.owner].name, 0),
            depth=cell.depth,
            label=cell.label,
            fits_narrow=cell.fits_narrow,
        )
        for cell in cells_of(view.forest.root, MOST_CELLS)
    )
