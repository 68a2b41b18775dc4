"""The tables that stand in the page itself, read with no script."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from buildopt.bundle.compare import Comparison
from buildopt.bundle.model import ArchiveAnalysis, Attribution, BundleAnalysis, Sizes
from buildopt.bundle.words import change
from buildopt.phrases import printable
from buildopt.quantities import counted, duration, exact_bytes, share, size
from buildopt.report.bundle.amounts import exact_change, known_sizes
from buildopt.report.bundle.tree import Forest

MOST_ROWS = 50
"""Rows of a table that the page itself holds; its script shows all modules and packages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A cell of a table: what is seen, the exact number, whether it is a name or a number."""

    shown: str
    exact: str = ""
    is_code: bool = False
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of which the first cell is the head; `left_out` counts what there is no room for."""

    key: str
    title: str
    heads: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    left_out: int = 0
    note: str = ""


def tables_of_bundle(analysis: BundleAnalysis) -> Iterable[Table]:
    """Packages, entries, files."""
    total = analysis.totals.raw or 1
    copies = {copy for row in analysis.duplicates for copy in row.instances}
    saves = bool(analysis.saving_compressors)
    yield _table(
        "packages", "Packages",
        ("Package", "Version", "<Bytes", "<Share", *(("<Saves gzip",) if saves else ()),
         "Copies", "Installed in"),
        [
            (_code(p.name), _plain(p.version or "unknown"), _bytes(p.bytes),
             _number(share(p.bytes / total)),
             *((_bytes(p.saving.gzip) if p.saving else _number("no data"),) if saves else ()),
             _plain("▨ one of several" if p.instance in copies else "one"), _code(p.instance))
            for p in analysis.packages
        ],
    )  # fmt: skip
    yield _table(
        "entries", "Entries", ("Entry", "At once", "Later", "Until it is there"),
        [(_code(e.name), _sizes(e.initial_sizes),
          _sizes(e.lazy_sizes) if e.lazy else _plain("nothing"),
          _plain(", ".join(f"≈ {duration(s)} on {name}" for name, s in e.download_s.items())))
         for e in analysis.entries],
        note="Computed, not measured: four round trips, then the initial files in their smallest "
        "encoding.",
    )  # fmt: skip
    columns = [made.encoding for made in analysis.compressors]
    unmapped = {row.path: row for row in analysis.attribution}
    yield _table(
        "files", "Files",
        ("File", "<Raw", *(f"<{name}" for name in columns), "<Not mapped", "Loaded"),
        [(_code(f.path), _bytes(f.raw), *(_bytes(getattr(f, name)) for name in columns),
          _unmapped(unmapped.get(f.path)), _plain(f.role))
         for f in sorted(analysis.files, key=lambda file: (-file.raw, file.path))],
    )  # fmt: skip


def tables_of_archives(archives: Sequence[ArchiveAnalysis], forest: Forest) -> Iterable[Table]:
    """Folders, files, native libraries."""
    has_compressed = len(forest.columns) > 1
    folders: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for node in forest.root.preorder():
        if node.owner is not None:
            sums = folders[forest.owners[node.owner].name]
            for place, count in enumerate(node.figures):
                sums[place] += count
    yield _table(
        "packages", "Folders and kinds of files",
        ("Folder or kind", "<Unpacked", *(("<Compressed",) * has_compressed)),
        [(_code(name), *map(_bytes, sums[: len(forest.columns)]))
         for name, sums in sorted(folders.items(), key=lambda item: (-item[1][0], item[0]))],
    )  # fmt: skip
    files = [file for one in archives for file in one.files]
    yield _table(
        "files", "Files", ("File", "<Unpacked", "<Compressed"),
        [(_code(f.path), _bytes(f.raw), _bytes(f.compressed))
         for f in sorted(files, key=lambda file: (-file.raw, file.path))],
    )  # fmt: skip
    yield _table(
        "native", "Native libraries", ("Library", "<Code", "Symbols", "Needs"),
        [(_code(n.path), _bytes(n.sections.get(".text", 0)),
          _plain("stripped" if n.stripped else "▲ not stripped"), _code(" ".join(n.needed)))
         for one in archives for n in one.native],
    )  # fmt: skip


def tables_of_comparison(found: Comparison) -> Iterable[Table]:
    """What changed of packages, the project's own modules, files."""
    yield _table(
        "packages", "Packages that changed",
        ("Package", "Versions", "<Before", "<After", "<Change", "Because"),
        [(_code(p.name), _plain(", ".join(p.after_versions or p.before_versions)),
          _bytes(p.before_bytes), _bytes(p.after_bytes), _change(p.before_bytes, p.after_bytes),
          _plain(p.cause)) for p in found.packages],
    )  # fmt: skip
    yield _table(
        "modules", "Modules outside of packages that changed",
        ("Module", "<Before", "<After", "<Change"),
        [(_code(m.name), _bytes(m.before_bytes), _bytes(m.after_bytes),
          _change(m.before_bytes, m.after_bytes)) for m in found.modules],
    )  # fmt: skip
    moved = [file for file in found.files if file.status != "same"]
    same = len(found.files) - len(moved)
    yield _table(
        "files", "Files that changed", ("File", "State", "<Before", "<After", "<Change"),
        [(_code(f.after or f.before or ""), _plain(f.status),
          _bytes(f.before_sizes.raw if f.before_sizes else 0),
          _bytes(f.after_sizes.raw if f.after_sizes else 0),
          _change(f.before_sizes.raw if f.before_sizes else 0,
                  f.after_sizes.raw if f.after_sizes else 0)) for f in moved],
        note=f"{counted(same, 'file')} unchanged. Files are matched by what is inside them.",
    )  # fmt: skip


def _table(
    key: str, title: str, heads: tuple[str, ...], rows: list[tuple[Text, ...]], *, note: str = ""
) -> Table:
    """A head that begins with `<` stands over numbers."""
    return Table(
        key=key,
        title=title,
        heads=tuple(Text(shown=h.lstrip("<"), is_number=h.startswith("<")) for h in heads),
        rows=tuple(rows[:MOST_ROWS]),
        left_out=max(0, len(rows) - MOST_ROWS),
        note=note,
    )


def _code(name: str) -> Text:
    return Text(shown=printable(name), is_code=True)


def _plain(words: str) -> Text:
    return Text(shown=printable(words))


def _number(words: str) -> Text:
    return Text(shown=words, is_number=True)


def _bytes(count: int | None) -> Text:
    if count is None:
        return _number("no data")
    return Text(shown=size(count), exact=exact_bytes(count), is_number=True)


def _change(before: int, after: int) -> Text:
    return Text(shown=change(before, after), exact=exact_change(before, after), is_number=True)


def _sizes(sizes: Sizes) -> Text:
    known = known_sizes(sizes)
    return Text(
        shown=", ".join(f"{size(count)} {name}" for name, count in known),
        exact=", ".join(f"{name} {exact_bytes(count)}" for name, count in known),
    )


def _unmapped(row: Attribution | None) -> Text:
    if row is None:
        return _plain("")
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(row.unmapped_kinds.items()))
    return Text(shown=size(row.unmapped), exact=kinds, is_number=True)
