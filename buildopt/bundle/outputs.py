"""Which paths belong to a bundle or a package's archive: by name alone, with nothing imported."""

from __future__ import annotations

from collections.abc import Iterable

OUTPUT_FOLDERS = (
    "dist",
    "build",
    "out",
    "public/build",
    ".output/public",
    ".next",
    "www",
    "target",
)
"""Where bundlers and packagers write by default, in the order in which they are tried."""
CODE_ENDINGS = (".js", ".mjs", ".cjs", ".css")
"""Files that may have a source map."""
ARCHIVE_ENDINGS = (
    ".whl",
    ".zip",
    ".egg",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tar.xz",
)
NO_BUNDLES = frozenset(("node_modules", "coverage", "lcov-report", "playwright-report", ".git"))
"""Folders with code that nobody ships."""


def places_of(paths: Iterable[str], root: str) -> tuple[str, ...]:
    """Output folders and archives that these files of the project at `root` belong to.

    The folder is the one of the paths above, else the outermost in which a file lies.
    """
    below = root.rstrip("/") + "/"
    found = set()
    for path in paths:
        if path.startswith(below) and path.endswith(CODE_ENDINGS + ARCHIVE_ENDINGS):
            parts = path[len(below) :].split("/")
            if not NO_BUNDLES.intersection(parts):
                place = _place_of(parts)
                found.update([below + place] if place else [])
    return tuple(sorted(place for place in found if not _is_inside(place, found)))


def _place_of(parts: list[str]) -> str:
    """The path of the place, relative to the root; empty for code that lies in the root."""
    if parts[-1].endswith(ARCHIVE_ENDINGS):
        return "/".join(parts)
    for end in range(1, len(parts)):
        if parts[end - 1] in OUTPUT_FOLDERS or "/".join(parts[max(0, end - 2) : end]) in (
            OUTPUT_FOLDERS
        ):
            return "/".join(parts[:end])
    return "/".join(parts[:-1])


def _is_inside(place: str, others: Iterable[str]) -> bool:
    return any(place.startswith(other + "/") for other in others)
