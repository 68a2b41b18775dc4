"""The listing of a folder as text: what counts of its entries, sorted.

A letter for the type (`f d l o`) and the name, joined by `/`, which no name can hold.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping

from buildopt.observe.first_touch import FILE, FOLDER, LINK
from buildopt.observe.ignored import Place
from buildopt.observe.placement import Placement

LETTERS = {FILE: "f", FOLDER: "d", LINK: "l"}
"""By file type bits."""
OTHER_LETTER = "o"
LISTED_PLACES = (Place.PLAIN, Place.TEMPORARY)
"""Where a name counts in a listing."""


def list_folder(placement: Placement, folder: str, own: Container[str]) -> str:
    """The value now of a listing, without the paths of `own`; a missing folder lists as empty."""
    entries = counted_entries(placement, folder)
    base = folder.rstrip("/") + "/"
    return as_text(entries, (name for name in entries if base + name not in own))


def counted_entries(placement: Placement, folder: str) -> dict[str, str]:
    """Type letters by name of the entries that count; empty where the folder cannot be read."""
    base = folder.rstrip("/") + "/"
    try:
        with os.scandir(folder) as items:
            return {
                item.name: _letter(item)
                for item in items
                if placement.of(base + item.name) in LISTED_PLACES
            }
    except OSError:
        return {}


def as_text(letters: Mapping[str, str], names: Iterable[str]) -> str:
    """`Observation.value` of a listing that shows `names`."""
    return "/".join(sorted(letters[name] + name for name in names))


def _letter(item: os.DirEntry[str]) -> str:
    if item.is_symlink():
        return LETTERS[LINK]
    if item.is_dir(follow_symlinks=False):
        return LETTERS[FOLDER]
    return LETTERS[FILE] if item.is_file(follow_symlinks=False) else OTHER_LETTER
