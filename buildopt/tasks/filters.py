"""`--filter`: which packages of a workspace are meant, in the words of pnpm and turbo.

    NAME  @scope/*       packages by their name
    ./path  ./apps/**    packages by their folder, as seen from the working directory; also {path}
    NAME...              and what they depend on        NAME^...   only that
    ...NAME              and what depends on them       ...^NAME   only that
    !X                   not these; where all are so, every other package

Several are united, whatever their order; what one takes away is away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from typing import NamedTuple

from buildopt.errors import UsageError
from buildopt.tasks import plan_errors
from buildopt.tasks.catalogue import Catalogue
from buildopt.tasks.member_folders import matcher
from buildopt.tasks.model import Package

_MAGIC = re.compile(r"[*?\[]")
_FORM = re.compile(r"(?P<up>\.\.\.\^?)?(?P<body>\{.*\}|.+?)(?P<down>\^?\.\.\.)?", re.DOTALL)

_HERE = (".", "..")
"""Folders of no other letters."""


class Chosen(NamedTuple):
    """What some filters mean."""

    packages: tuple[Package, ...]
    """The root's own first, then the members in the order of their folders."""
    named: tuple[str, ...]
    """Those that a filter calls by their very name."""


class Filter(NamedTuple):
    """One filter taken apart."""

    text: str
    body: str
    is_excluding: bool
    dependents: str
    """`...`, `...^` for those alone, or empty."""
    dependencies: str
    """`...`, `^...` for those alone, or empty."""

    @property
    def is_path(self) -> bool:
        """Whether it means folders."""
        return self.body.startswith((".", "/", "{"))

    @property
    def is_name(self) -> bool:
        """Whether it means one package and nothing around it."""
        is_plain = not (self.dependents or self.dependencies or self.is_excluding)
        return is_plain and not self.is_path and not _MAGIC.search(self.body)


def choose(catalogue: Catalogue, texts: Iterable[str], directory: str) -> Chosen:
    """The packages that all filters together mean; raises UsageError for one that means none."""
    root = (catalogue.root_package,) if catalogue.root_package else ()
    packages = {package.name: package for package in (*root, *catalogue.members)}
    taken: set[str] = set()
    away: set[str] = set()
    filters = [parse(text) for text in texts]
    named = []
    for one in filters:
        names = _meant(one, packages, directory)
        if one.is_name:
            named += names
        (away if one.is_excluding else taken).update(_around(one, names, packages))
    if all(one.is_excluding for one in filters):
        taken = set(packages)
    chosen = taken - away
    return Chosen(
        packages=tuple(package for name, package in packages.items() if name in chosen),
        named=tuple(name for name in named if name in chosen),
    )


def parse(text: str) -> Filter:
    """A filter taken apart; raises UsageError for one that says nothing."""
    is_excluding = text.strip().startswith("!")
    found = _FORM.fullmatch(text.strip().removeprefix("!"))
    if not found or not (found["body"].strip(".") or found["body"] in _HERE):
        raise UsageError(
            f"the filter `{text}` names no package",
            hint="write `NAME`, `./FOLDER`, `...NAME`, `NAME...` or `!NAME`",
            slug="empty-filter",
        )
    return Filter(
        text,
        found["body"],
        is_excluding=is_excluding,
        dependents=found["up"] or "",
        dependencies=found["down"] or "",
    )


def _meant(one: Filter, packages: Mapping[str, Package], directory: str) -> list[str]:
    """Names of the packages that the filter's middle means; raises UsageError where it is none."""
    if one.is_path:
        path = one.body[1:-1] if one.body.startswith("{") else one.body
        matches = matcher(directory, path)
        names = [package.name for package in packages.values() if matches(package.folder)]
    elif _MAGIC.search(one.body):
        accepts = re.compile(translate(one.body)).match
        names = [name for name in packages if accepts(name)]
    else:
        names = _named(one.body, packages)
    if names:
        return names
    raise _means_none(one, packages)


def _named(name: str, packages: Mapping[str, Package]) -> list[str]:
    """The package of that name, else the only one that has it behind a scope."""
    if name in packages:
        return [name]
    scoped = [full for full in packages if full.startswith("@") and full.endswith(f"/{name}")]
    return scoped if len(scoped) == 1 else []


def _around(one: Filter, names: list[str], packages: Mapping[str, Package]) -> set[str]:
    """The packages with what the dots add, or that alone."""
    above = {name: package.depends_on for name, package in packages.items()}
    found = set() if "^" in one.dependents + one.dependencies else set(names)
    if one.dependencies:
        found |= _reachable(names, above)
    if one.dependents:
        found |= _reachable(names, _reversed(above))
    return found


def _reversed(edges: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = {}
    for name, others in edges.items():
        for other in others:
            turned.setdefault(other, []).append(name)
    return turned


def _reachable(names: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """What can be reached from the names, one step at least."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        for other in edges.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _means_none(one: Filter, packages: Mapping[str, Package]) -> UsageError:
    from buildopt.settings.mistakes import did_you_mean

    if one.body.startswith("["):
        hint = "`--affected REF` chooses by what changed since a revision"
    elif not packages:
        hint = "there is no package here: no package.json and no uv workspace"
    else:
        hint = did_you_mean(one.body, packages) or f"packages are {plan_errors.listed(packages)}"
    return UsageError(f"no package matches the filter `{one.text}`", hint=hint, slug="empty-filter")
