"""The folders that the globs of a workspace mean: `packages/*`, `apps/**`, `!old`, `{a,b}/c`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import translate
from functools import lru_cache

from buildopt.tasks.manifest_files import Reader

_MAGIC = re.compile(r"[*?\[]")
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")


def members_of_npm(root: str, patterns: Iterable[str], reader: Reader) -> tuple[str, ...]:
    """Folders as npm finds them: a `!` takes away wherever it stands, but for one that a later
    pattern is itself an instance of (`!old`, then `old`).
    """
    taken: list[str] = []
    excluded: list[str] = []
    for pattern in patterns:
        if is_negated(pattern):
            excluded.append(pattern[1:])
            continue
        taken.append(pattern)
        as_path = os.path.normpath(os.path.join(root, pattern))
        excluded = [other for other in excluded if not matcher(root, other)(as_path)]
    return _members(root, taken, excluded, reader)


def members_of_pnpm(root: str, patterns: Iterable[str], reader: Reader) -> tuple[str, ...]:
    """Folders as pnpm finds them: what is excluded is away, whatever else says."""
    listed = tuple(patterns)
    taken = (pattern for pattern in listed if not is_negated(pattern))
    return _members(root, taken, (pattern[1:] for pattern in listed if is_negated(pattern)), reader)


def members_of_uv(
    root: str, patterns: Iterable[str], excluded: Iterable[str], reader: Reader
) -> tuple[str, ...]:
    """Folders as uv finds them: in what is excluded `*` crosses folders."""
    crossing = [re.compile(translate(os.path.normpath(pattern))) for pattern in excluded]
    found = _members(root, patterns, excluded, reader)
    below = ((folder, os.path.relpath(folder, root)) for folder in found)
    return tuple(f for f, name in below if not any(one.match(name) for one in crossing))


def _members(
    root: str, patterns: Iterable[str], excluded: Iterable[str], reader: Reader
) -> tuple[str, ...]:
    matchers = [matcher(root, pattern) for pattern in excluded]
    found = {folder for pattern in patterns for folder in expand(root, pattern, reader)}
    return tuple(sorted(f for f in found if not any(matches(f) for matches in matchers)))


def is_negated(pattern: str) -> bool:
    """Whether a pattern takes away."""
    return pattern.startswith("!")


def expand(root: str, pattern: str, reader: Reader) -> Iterator[str]:
    """Folders that are there and match; hidden ones only where the pattern names them."""
    for plain in _without_braces(pattern):
        base, parts = _split(root, plain)
        yield from _expand(os.path.realpath(base), parts, reader)


def matcher(root: str, pattern: str) -> Callable[[str], bool]:
    """Says of an absolute folder whether it matches."""
    splits = [_split(root, plain) for plain in _without_braces(pattern)]

    def matches(folder: str) -> bool:
        return any(_matches(folder, base, parts) for base, parts in splits)

    return matches


def _without_braces(pattern: str) -> Iterator[str]:
    found = _BRACES.search(pattern)
    if not found:
        yield pattern
        return
    for choice in found[1].split(","):
        yield from _without_braces(pattern[: found.start()] + choice + pattern[found.end() :])


def _split(root: str, pattern: str) -> tuple[str, tuple[str, ...]]:
    """The folder up to the first magic name, and the names from there on."""
    names = [name for name in pattern.split("/") if name not in ("", ".")]
    literal = 0
    while literal < len(names) and not _MAGIC.search(names[literal]):
        literal += 1
    start = "/" if pattern.startswith("/") else root
    return os.path.normpath(os.path.join(start, *names[:literal])), tuple(names[literal:])


def _expand(folder: str, parts: Sequence[str], reader: Reader) -> Iterator[str]:
    if not parts:
        yield folder
        return
    first, rest = parts[0], parts[1:]
    if first == "**":
        yield from _expand(folder, rest, reader)
    if not _MAGIC.search(first):
        yield from _expand(os.path.join(folder, first), rest, reader)
        return
    accepts = _name_matcher(first)
    for name in reader.folders_in(folder):
        below = f"{folder}/{name}"
        if first == "**":
            if not os.path.islink(below):  # it could lead in a circle
                yield from _expand(below, parts, reader)
        elif accepts(name):
            yield from _expand(below, rest, reader)


def _matches(folder: str, base: str, parts: Sequence[str]) -> bool:
    if folder == base:
        return all(part == "**" for part in parts)
    if not folder.startswith(base.rstrip("/") + "/"):
        return False
    return _names_match(parts, folder[len(base.rstrip("/")) + 1 :].split("/"))


def _names_match(parts: Sequence[str], names: Sequence[str]) -> bool:
    if not parts:
        return not names
    if parts[0] == "**":
        return any(_names_match(parts[1:], names[start:]) for start in range(len(names) + 1))
    return bool(names and _name_matcher(parts[0])(names[0])) and _names_match(parts[1:], names[1:])


@lru_cache(maxsize=256)
def _name_matcher(part: str) -> Callable[[str], object]:
    return re.compile(translate(part)).match
