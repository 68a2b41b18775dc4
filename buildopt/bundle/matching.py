"""Pair the files of two builds by what is inside them: their names hold hashes that change."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from buildopt.bundle.model import BundleAnalysis, OutputFile

LEAST_SIMILARITY = 0.2
"""Share of equal modules, by bytes, from which on two chunks are the same one, changed."""
_HASH = re.compile(r"[-._][A-Za-z0-9_-]{6,}(?=\.)")

Contents = Mapping[str, Mapping[str, int]]
"""File -> module -> bytes."""


def pairs(before: BundleAnalysis, after: BundleAnalysis) -> dict[str, str]:
    """Path after -> path before; a file that has no counterpart is left out."""
    found: dict[str, str] = {}
    for step in (_equal_content, _alike, _same_name, _same_name_without_hash):
        taken = set(found.values())
        rest_before = [file for file in before.files if file.path not in taken]
        rest_after = [file for file in after.files if file.path not in found]
        inside = (_contents(before), _contents(after))
        for new, old in step(rest_before, rest_after, inside):
            if new not in found and old not in found.values():
                found[new] = old
    return found


def _contents(analysis: BundleAnalysis) -> Contents:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for module in analysis.modules:
        found[module.file][module.name] = module.bytes
    return found


Step = Iterator[tuple[str, str]]


def _equal_content(
    before: Iterable[OutputFile], after: Iterable[OutputFile], _: tuple[Contents, Contents]
) -> Step:
    """The same bytes, first under the same name."""
    digests: dict[str, list[str]] = defaultdict(list)
    for file in before:
        digests[file.sha256].append(file.path)
    for file in after:
        candidates = digests.get(file.sha256, [])
        for path in sorted(candidates, key=lambda path: path != file.path):
            yield file.path, path


def _alike(
    before: Iterable[OutputFile], after: Iterable[OutputFile], inside: tuple[Contents, Contents]
) -> Step:
    """The most equal modules, the likest pairs first."""
    holders: dict[str, list[str]] = defaultdict(list)
    for file in before:
        for module in inside[0].get(file.path, ()):
            holders[module].append(file.path)
    scored = []
    for file in after:
        own = inside[1].get(file.path, {})
        candidates = {path for module in own for path in holders.get(module, ())}
        for path in candidates:
            score = _similarity(inside[0][path], own)
            if score >= LEAST_SIMILARITY and _ending(path) == _ending(file.path):
                scored.append((-score, path != file.path, file.path, path))
    for _, _, new, old in sorted(scored):
        yield new, old


def _similarity(before: Mapping[str, int], after: Mapping[str, int]) -> float:
    """Common bytes over all bytes, module by module: 1 for the same modules of the same size."""
    names = set(before) | set(after)
    common = sum(min(before.get(name, 0), after.get(name, 0)) for name in names)
    whole = sum(max(before.get(name, 0), after.get(name, 0)) for name in names)
    return common / whole if whole else 0.0


def _same_name(
    before: Iterable[OutputFile], after: Iterable[OutputFile], _: tuple[Contents, Contents]
) -> Step:
    known = {file.path for file in before}
    for file in after:
        if file.path in known:
            yield file.path, file.path


def _same_name_without_hash(
    before: Iterable[OutputFile], after: Iterable[OutputFile], _: tuple[Contents, Contents]
) -> Step:
    named: dict[str, list[str]] = defaultdict(list)
    for file in before:
        named[without_hash(file.path)].append(file.path)
    for file in after:
        candidates = named.get(without_hash(file.path), [])
        if len(candidates) == 1:
            yield file.path, candidates[0]


def without_hash(path: str) -> str:
    """A file's name less what changes with its content."""
    return _HASH.sub("", path)


def _ending(path: str) -> str:
    return path.rpartition(".")[2]
