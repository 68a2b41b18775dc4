"""Many paths as few lines: a tree whose largest folders stay folded."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Line(NamedTuple):
    """One line of a tree: a path's last part or parts, and what is folded into it.

    `below` is how many paths that are; 0 for a path itself.
    """

    depth: int
    name: str
    path: str
    below: int


class _Folder:
    """A folder's members by name; `count` is how many paths lie below, `path` the whole one."""

    __slots__ = ("count", "folders", "names", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.folders: dict[str, _Folder] = {}
        self.names: dict[str, str] = {}
        self.count = 0


def lines_of(paths: Iterable[str], *, most_lines: int) -> tuple[Line, ...]:
    """The paths as a tree of about `most_lines` lines; the smallest folders are opened first.

    A folder with one member stands with it on one line. With 0 nothing is folded.
    """
    top = _tree(paths)
    opened = _opened(top, most_lines)
    return tuple(_walk(top, opened, depth=0))


def _tree(paths: Iterable[str]) -> _Folder:
    top = _Folder("")
    for path in paths:
        *folders, name = path.lstrip("/").split("/")
        at = top
        at.count += 1
        for folder in folders:
            start = f"{at.path}/{folder}" if at.path or path.startswith("/") else folder
            at = at.folders.setdefault(folder if at is not top else start, _Folder(start))
            at.count += 1
        at.names[name if at is not top else path] = path
    return top


def _opened(top: _Folder, most_lines: int) -> set[int]:
    """The folders to open, by identity."""
    opened = {id(top)}
    left = most_lines - len(top.folders) - len(top.names) if most_lines else None
    waiting = [(f.count, f.path, f) for f in map(_last_of_chain, top.folders.values())]
    heapq.heapify(waiting)
    while waiting:
        _, _, folder = heapq.heappop(waiting)
        if left is not None:
            left -= len(folder.folders) + len(folder.names)
            if left < 0:
                break
        opened.add(id(folder))
        for below in map(_last_of_chain, folder.folders.values()):
            heapq.heappush(waiting, (below.count, below.path, below))
    return opened


def _last_of_chain(folder: _Folder) -> _Folder:
    while len(folder.folders) == 1 and not folder.names:
        (folder,) = folder.folders.values()
    return folder


def _walk(folder: _Folder, opened: set[int], *, depth: int) -> Iterator[Line]:
    members: list[tuple[str, _Folder | str]] = [*folder.folders.items(), *folder.names.items()]
    for name, member in sorted(members, key=lambda item: (item[0], isinstance(item[1], _Folder))):
        if isinstance(member, str):
            yield Line(depth, name, member, 0)
            continue
        last = _last_of_chain(member)
        shown = name + last.path[len(member.path) :] + "/"
        if last.count == 1 and id(last) in opened:
            ((leaf, path),) = last.names.items()
            yield Line(depth, shown + leaf, path, 0)
            continue
        yield Line(depth, shown, last.path, last.count)
        if id(last) in opened:
            yield from _walk(last, opened, depth=depth + 1)
