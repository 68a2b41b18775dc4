"""Which build made a page: told by the hashed names of what it loaded.

A build is known by `buildopt.cache.stored` (its outputs) and `buildopt.bundle.analyzed` (its
files). Builds that wrote the same names are one: the first of them, since what they made is the
same. A page that loaded names of two builds belongs to the one that has more of them. One that
loaded a name beside them that no build has is of a build that is not known: chunks that did not
change have the same names in many.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from monitor_plugins.web.chunk_names import IS_CHUNK, base_of, folder_of, is_hashed

STORED, ANALYZED = "buildopt.cache.stored", "buildopt.bundle.analyzed"
MOST_BUILDS = 200
LONGEST_ID = 128
ROLES = ("initial", "lazy")


class Made(NamedTuple):
    """What one event says that a build made."""

    build: str
    project: str
    files: Mapping[str, int]
    """File -> bytes."""
    roles: Mapping[str, str] = {}  # a default that nobody changes
    """File -> `initial` or `lazy`, where an analysis of the bundle tells it."""
    is_complete: bool = True
    """Whether these are all files; an event has room for some thousand."""


class Joined(NamedTuple):
    """The build of a page, and how that is known."""

    build: str = ""
    project: str = ""
    how: Literal["chunks", "meta", ""] = ""
    files: Mapping[str, int] = {}  # as above
    roles: Mapping[str, str] = {}  # as above


def made_of(
    kind: str, event: str, run: str, project: str, data: Mapping[str, Any]  # Any: JSON
) -> Made | None:  # fmt: skip
    """The files of a build in an event; None for one that names no chunk."""
    rows = data.get("outputs" if kind == STORED else "files")
    if not isinstance(rows, list):
        return None
    files = dict(_files(rows))
    if not files:
        return None
    told = data.get("project")
    project = told if isinstance(told, str) and told else project
    is_complete = not (data.get("outputs_left_out") or data.get("left_out"))
    return Made(run or event, project, files, dict(_roles(rows)), is_complete)


class Builds:
    """The newest builds of this machine."""

    def __init__(self) -> None:
        self._made: dict[str, Made] = {}
        """In the order in which they were made last."""

    def add(self, made: Made) -> None:
        """Take in what a build made; several events of one run add up."""
        known = self._made.pop(made.build, None)
        if known:
            made = _joined(known, made)
        twin = self._twin(made)
        if twin:
            first = self._made.pop(twin)
            made = first._replace(roles={**first.roles, **made.roles})
        self._made[made.build] = made
        while len(self._made) > MOST_BUILDS:
            del self._made[next(iter(self._made))]

    def find(self, names: Iterable[str], told: str) -> Joined:
        """The build of a page that loaded these names and says by itself that it is of `told`."""
        paths = {name for name in names if is_hashed(name)}
        hashed = {base_of(path) for path in paths}
        best: Made | None = None
        most = 0
        for made in reversed(self._made.values()):
            if (count := len(hashed & made.files.keys())) > most:
                best, most = made, count
        if best and self._strangers(best, paths) <= (0 if best.is_complete else most):
            return Joined(best.build, best.project, "chunks", best.files, best.roles)
        if not told:
            return Joined()
        if told in self._made:
            made = self._made[told]
            return Joined(told, made.project, "meta", made.files, made.roles)
        return Joined(told[:LONGEST_ID], how="meta")

    def _strangers(self, made: Made, paths: Collection[str]) -> int:
        """How many names no build has that stand in the folders of those that this one has."""
        folders = {folder_of(path) for path in paths if base_of(path) in made.files}
        near = {base_of(path) for path in paths if folder_of(path) in folders}
        return len(near.difference(*(other.files for other in self._made.values())))

    def _twin(self, made: Made) -> str | None:
        """An earlier build that wrote the same names, some of them with a hash."""
        if not any(is_hashed(name) for name in made.files):
            return None
        return next(
            (
                other.build
                for other in self._made.values()
                if other.project == made.project and other.files.keys() == made.files.keys()
            ),
            None,
        )


def _joined(one: Made, other: Made) -> Made:
    return other._replace(
        files={**one.files, **other.files}, roles={**one.roles, **other.roles},
        is_complete=one.is_complete or other.is_complete,
    )  # fmt: skip


def _roles(rows: Iterable[Any]) -> Iterable[tuple[str, str]]:  # Any: JSON
    for row in rows:
        path = row.get("path") if isinstance(row, Mapping) else None
        if isinstance(path, str) and row.get("role") in ROLES:
            yield base_of(path), row["role"]


def _files(rows: Iterable[Any]) -> Iterable[tuple[str, int]]:  # Any: JSON
    for row in rows:
        path = row.get("path") if isinstance(row, Mapping) else None
        if not isinstance(path, str) or not IS_CHUNK.fullmatch(path):
            continue
        sizes = row.get("sizes")
        size = sizes.get("raw") if isinstance(sizes, Mapping) else row.get("bytes")
        yield base_of(path), size if isinstance(size, int) else 0
