"""What was done with a path, and the forms that a path can have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["read", "look", "list", "write", "delete", "execute"]
Outcome = Literal["done", "vain", "failed", "own"]
Pair = tuple[str, str]
"""A kind and a path; of trouble, a kind and its subject."""


class Seen(NamedTuple):
    """One thing that was done with a path, or tried: `vain` where nothing was there.

    The outcome is `own` where the run had written or removed the path itself by then.
    """

    kind: Kind
    path: str
    outcome: Outcome = "done"
    follows: bool = True


def cleaned(path: str, *, is_vain: bool = False) -> tuple[str, bool]:
    """The path as `Access.path` has it: a `..` means what the file system says.

    A call in vain may have ended earlier, at a missing folder in front of a `..`: then that
    folder, and True.
    """
    parts: list[str] = []
    for part in path.split("/"):
        folder = "/" + "/".join(parts)
        if part == ".." and is_vain and not os.path.isdir(folder):
            return folder, True
        if part == "..":
            parts = [name for name in os.path.realpath(folder).split("/") if name][:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts), False


MOST_LINKS = 40
"""As many as the kernel follows (MAXSYMLINKS)."""


def resolved(path: str, *, follows: bool) -> tuple[list[str], str]:
    """The links that `path` goes through, and where it leads."""
    links: list[str] = []
    here, rest = "/", path.split("/")[::-1]
    while rest and len(links) < MOST_LINKS:
        name = rest.pop()
        step = os.path.dirname(here) if name == ".." else os.path.join(here, name)
        if name in ("", ".", "..") or not os.path.islink(step) or not (rest or follows):
            here = here if name in ("", ".") else step
            continue
        links.append(step)
        target = os.readlink(step)
        here = "/" if target.startswith("/") else here
        rest += target.split("/")[::-1]
    return links, here


def above(path: str) -> Iterator[str]:
    """The folders that a path lies in, the innermost first."""
    while path != "/":
        path = os.path.dirname(path)
        yield path
