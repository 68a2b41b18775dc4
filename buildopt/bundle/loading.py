"""Which files an entry loads at once and which later, by the names of the output folder."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from urllib.parse import unquote

from buildopt.bundle.download import download_s
from buildopt.bundle.graph import Closure, Graph
from buildopt.bundle.model import Entry, OutputFile, Role, Sizes, sizes_of


def entries_of(closures: Iterable[Closure], files: Iterable[OutputFile]) -> tuple[Entry, ...]:
    """The entries, with what they cost a visitor."""
    by_path = {file.path: file for file in files}
    entries = []
    for closure in closures:
        initial = _known(closure.initial, by_path)
        at_once = frozenset(initial)
        lazy = tuple(path for path in _known(closure.lazy, by_path) if path not in at_once)
        if not initial:
            continue
        initial_sizes = _sizes(initial, by_path)
        entries.append(
            Entry(
                name=closure.name,
                initial=initial,
                lazy=lazy,
                initial_sizes=initial_sizes,
                lazy_sizes=_sizes(lazy, by_path),
                download_s=download_s(smallest(initial_sizes)),
            )
        )
    return tuple(entries)


def graphs_of_output(graphs: Iterable[Graph], files: Mapping[str, object]) -> list[Graph]:
    """The graphs that may be about an output, the surest first: those whose entries load files of
    it, then those that know no files. One about other files counts only where no other does: a
    project may be built by two bundlers, and the names of an older build may be gone.
    """
    known = list(graphs)
    about = [g for g in known if any(_names_one(closure, files) for closure in g.closures)]
    silent = [graph for graph in known if not graph.closures]
    return [*about, *silent] or known


def _names_one(closure: Closure, files: Mapping[str, object]) -> bool:
    return any(_match(name.replace("\\", "/"), files) for name in closure.initial)


def smallest(sizes: Sizes) -> int:
    """Bytes as the best known encoding sends them."""
    known = [sizes.raw, sizes.gzip, sizes.brotli, sizes.zstd]
    return min(value for value in known if value is not None)


def roles_of(entries: Iterable[Entry]) -> dict[str, Role]:
    """How each file is loaded that some entry loads; `initial` where one entry does so."""
    known = tuple(entries)
    lazy: dict[str, Role] = {path: "lazy" for entry in known for path in entry.lazy}
    initial: dict[str, Role] = {path: "initial" for entry in known for path in entry.initial}
    return lazy | initial


def closure_of_page(name: str, page: bytes) -> Closure:
    """What a HTML page names itself; what its scripts load later is not known."""
    reader = _Page()
    reader.feed(page.decode("utf-8", "replace"))
    folder = name.rpartition("/")[0]
    initial = [path for address in reader.addresses if (path := _path_of(address, folder))]
    return Closure(name=name, initial=(name, *dict.fromkeys(initial)), lazy=())


class _Page(HTMLParser):
    """Collects the addresses of scripts, styles and modules to load ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the address of a tag that loads something at once."""
        values = dict(attrs)
        loads = (values.get("rel") or "").lower() in ("stylesheet", "modulepreload")
        address = values.get("src") if tag == "script" else values.get("href")
        if address and (tag == "script" or (tag == "link" and loads)):
            self.addresses.append(address)


def _path_of(address: str, folder: str) -> str:
    """Path in the output folder; empty for an address elsewhere."""
    if "://" in address or address.startswith(("//", "data:")):
        return ""
    path = unquote(address.partition("?")[0].partition("#")[0])
    from_top = path if path.startswith("/") else posixpath.join(folder, path)
    return posixpath.normpath(from_top).lstrip("/")


def _known(names: Iterable[str], by_path: Mapping[str, OutputFile]) -> tuple[str, ...]:
    """Paths of the output folder for names that may begin further up or down."""
    found = (_match(name.replace("\\", "/"), by_path) for name in names)
    return tuple(dict.fromkeys(path for path in found if path))


def _match(name: str, by_path: Mapping[str, object]) -> str:
    parts = [part for part in name.partition("?")[0].split("/") if part not in ("", ".")]
    for begin in range(len(parts)):
        path = "/".join(parts[begin:])
        if path in by_path:
            return path
    return ""


def _sizes(paths: Iterable[str], by_path: Mapping[str, OutputFile]) -> Sizes:
    return sizes_of(tuple(by_path[path] for path in paths))
