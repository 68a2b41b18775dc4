"""From the text that a process passed to the absolute path that it means to that process.

The text alone decides most; the rest is asked of `/proc/<task>`: the working directory, the
folder behind a descriptor, and links such as `/proc/self/fd/3` that only that process sees so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

DELETED = " (deleted)"
"""The kernel puts this behind the name of a file that has none any more."""

DEVICE_LINKS = {"/dev/stdin": "fd/0", "/dev/stdout": "fd/1", "/dev/stderr": "fd/2"}
MAGIC_LINKS = ("cwd", "root", "exe")


class NoPath(Exception):
    """The call acts on nothing that has a path: a pipe, or a name that cannot be there.

    `entered`: the folders that were passed through before that turned out.
    """

    def __init__(self, entered: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.entered = entered


class Deleted(NoPath):
    """The call acts on a file or folder that has no name any more."""


class UnknownPath(Exception):
    """The call acts on a path that cannot be told; the run is incomplete for it."""


class CleanPath(NamedTuple):
    """A path without `.`, `..` and doubled slashes.

    `must_be_folder`: it ended in a slash or a dot, so a link at its end is followed.
    `entered` are the folders in front of a `..`, before links in them were resolved.
    """

    path: str
    must_be_folder: bool = False
    entered: tuple[str, ...] = ()


def file_behind(task: int, descriptor: int) -> str:
    """The path of an open file."""
    return _target(f"/proc/{task}/fd/{descriptor}")


def working_directory(task: int) -> str:
    """The working directory, without links."""
    return _target(f"/proc/{task}/cwd")


def is_peculiar(path: str) -> bool:
    """Whether the path means something else to each process."""
    return path.startswith(("/proc/", "/dev/fd", "/dev/std"))


def as_seen_by(task: int, process: int, path: str, *, follows: bool) -> str:
    """Replace `/proc/self` and the like, and the links below it that a call would follow."""
    end = "/" if path.endswith("/") else ""
    path = "/" + "/".join(name for name in path.split("/") if name not in ("", "."))
    names = _own_folder(task, process, path).split("/")
    link_depth = _magic_link_depth(names)
    behind = names[link_depth:]
    if link_depth and (behind or follows or end):
        names = [_target("/".join(names[:link_depth])).rstrip("/"), *behind]
    return "/".join(names) + end


def _magic_link_depth(names: list[str]) -> int:
    """How many names make up a link that leads out of `/proc`; 0 if there is none."""
    if names[1] != "proc" or len(names) < 4 or not names[2].isdigit():
        return 0
    at = 5 if names[3] == "task" else 3
    if names[at : at + 1] == ["fd"] and len(names) > at + 1:
        return at + 2
    return at + 1 if len(names) > at and names[at] in MAGIC_LINKS else 0


def clean(
    path: str, *, real_prefix: str = "", seen: Callable[[str], str] = lambda folder: folder
) -> CleanPath:
    """Resolve `.` and `..` of an absolute path; `real_prefix` is a part known to hold no link.

    A `..` means the parent of what a link leads to, so it is asked of the file system; `seen`
    is what a folder means to the process in question. Raises NoPath where there is no such folder.
    """
    names = path.split("/")
    must_be_folder = names[-1] in ("", ".", "..")
    if ".." not in names:
        kept = [name for name in names if name and name != "."]
        return CleanPath("/" + "/".join(kept), must_be_folder)
    kept, entered = _resolve_parents(names, real_prefix, seen)
    return CleanPath("/" + "/".join(kept), must_be_folder, tuple(entered))


def _resolve_parents(
    names: list[str], real_prefix: str, seen: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    """The names that are left, and the folders in front of a `..`."""
    real_depth = len([name for name in real_prefix.split("/") if name])
    kept: list[str] = []
    entered: list[str] = []
    for name in names:
        if name in ("", "."):
            continue
        if name != "..":
            kept.append(name)
            continue
        if len(kept) > real_depth:
            entered.append(seen("/" + "/".join(kept)))
            kept = _real_names(entered)
            real_depth = len(kept)
        kept = kept[:-1]
        real_depth = min(real_depth, len(kept))
    return kept, entered


def _real_names(entered: list[str]) -> list[str]:
    try:
        folder = os.open(entered[-1], os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise NoPath(tuple(entered)) from error
    try:
        real = os.readlink(f"/proc/self/fd/{folder}")
    finally:
        os.close(folder)
    return [name for name in real.split("/") if name]


def _own_folder(task: int, process: int, path: str) -> str:
    for name, meaning in _own_names(task, process):
        if path == name or path.startswith(name + "/"):
            return meaning + path[len(name) :]
    return path


def _own_names(task: int, process: int) -> Iterator[tuple[str, str]]:
    yield "/proc/self", f"/proc/{process}"
    yield "/proc/thread-self", f"/proc/{process}/task/{task}"
    yield "/dev/fd", f"/proc/{process}/fd"
    for name, meaning in DEVICE_LINKS.items():
        yield name, f"/proc/{process}/{meaning}"


def _target(link: str) -> str:
    """Where a link of `/proc` leads, if that is a path and still there."""
    try:
        target = os.readlink(link)
    except (FileNotFoundError, ProcessLookupError) as error:  # no such descriptor, or process
        raise NoPath from error
    except OSError as error:  # not ours to see, or ENAMETOOLONG: deeper than a path can say
        raise UnknownPath(link) from error
    if not target.startswith("/"):
        if target.startswith("(unreachable)"):
            raise UnknownPath(target)
        raise NoPath
    if target.endswith(DELETED) and not _is_same_file(link, target):
        raise Deleted
    return target


def _is_same_file(link: str, target: str) -> bool:
    """Whether a file is really called so, `(deleted)` and all."""
    try:
        return os.path.samestat(os.stat(link), os.stat(target))
    except OSError:
        return False
