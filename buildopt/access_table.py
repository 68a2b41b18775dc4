"""What a watched run did to which path, sorted into the words of `buildopt trace`.

    read      content of a file                          inputs
    probed    only that it is there, its size or mode
    ran       a program that was started
    listed    a folder whose entries were read
    link      a symbolic link that was followed or read
    missing   looked for, and not there
    wrote     made, changed or made anew                 outputs
    removed   was there, and is gone

A folder that was only passed through is left out. `path` is absolute.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, NamedTuple

from buildopt.model import ObservationKind, Observed

AccessKind = Literal["read", "probed", "ran", "listed", "link", "missing", "wrote", "removed"]
KINDS: tuple[AccessKind, ...] = (
    "read", "probed", "ran", "listed", "link", "missing", "wrote", "removed",
)  # fmt: skip
_KIND_OF: Mapping[ObservationKind, AccessKind] = {
    "file": "read",
    "tool": "ran",
    "listing": "listed",
    "link": "link",
    "absent": "missing",
}


class Row(NamedTuple):
    """One path in one role; `detail` is a link's target, an error's name, or a size in bytes."""

    kind: AccessKind
    path: str
    detail: str = ""


def rows_of(observed: Observed) -> tuple[Row, ...]:
    """All rows, by kind in the order of `KINDS` and then by path."""
    probed = frozenset(observed.probed)
    rows = [
        Row(
            "probed" if o.kind == "file" and o.subject in probed else _KIND_OF[o.kind],
            o.subject,
            o.value if o.kind in ("link", "absent") else "",
        )
        for o in observed.observations
        if o.kind in _KIND_OF
    ]
    rows += [Row("wrote", path, _size(path)) for path in (*observed.outputs, *observed.remade)]
    rows += [Row("removed", path) for path in observed.removed]
    return tuple(sorted(set(rows), key=lambda row: (KINDS.index(row.kind), row.path)))


def _size(path: str) -> str:
    """Bytes of a regular file; empty for whatever has none."""
    if os.path.islink(path) or not os.path.isfile(path):
        return ""
    try:
        return str(os.path.getsize(path))
    except OSError:
        return ""
