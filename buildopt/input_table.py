"""What a run depended on, as columns for the blob that its event names.

Paths of the project's own and all others are apart: of these whole builds have the same, so that
one blob serves many. A value is only there to be compared with that of another run.

    {"kinds": [kind…], "subjects": [subject…], "values": [text…], "sizes": [bytes or null…],
     "left_out": count}

Subjects are relative to the project's root, `$HOME/…` below the home folder, else absolute; of a
variable the name. In order of kind and subject; a size is that of a file when it was first met.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple
from zlib import crc32

from buildopt.model import Observation, ObservationKind

MOST_ROWS = 20_000
"""Of each of the two: 1 MB or so, packed; the biggest builds we know have 60,000 inputs."""
SHOWN_DIGITS = 12
"""Of a digest, as reasons of misses show it."""
DEPENDENCIES = ("node_modules/", "site-packages/", ".venv/", "vendor/bundle/", ".yarn/cache/")
"""Folders of a project that a package manager fills."""


class Input(NamedTuple):
    """One row."""

    kind: ObservationKind
    subject: str
    value: str
    size_bytes: int | None = None


class InputTable(NamedTuple):
    """What is told of a run's inputs; rows that did not fit are counted."""

    rows: tuple[Input, ...] = ()
    left_out: int = 0


def encode(
    observations: Iterable[Observation],
    root: str,
    *,
    home: str,
    size_of: Callable[[str], int | None],
) -> tuple[dict[str, Any], dict[str, Any]]:  # Any: JSON
    """The columns of the project's own inputs, and those of all others."""
    folders = root.rstrip("/") + "/", home.rstrip("/") + "/"
    rows = [_row(each, *folders, size_of) for each in observations]
    return (
        _columns([row for row in rows if is_own(row)]),
        _columns([row for row in rows if not is_own(row)]),
    )


def decode(blobs: Iterable[bytes]) -> InputTable:
    """The table of some blobs; raises ValueError for what is none."""
    rows: list[Input] = []
    left_out = 0
    for blob in blobs:
        columns = json.loads(blob)
        try:
            names = ("kinds", "subjects", "values", "sizes")
            rows += map(Input._make, zip(*(columns[name] for name in names), strict=True))
            left_out += int(columns["left_out"])
        except (KeyError, TypeError) as error:
            raise ValueError("no table of inputs") from error
    return InputTable(tuple(rows), left_out)


def is_own(row: Input) -> bool:
    """Whether it is the project's, and none of what a package manager put there."""
    if row.kind == "environment" or row.subject.startswith(("/", "$")):
        return False
    return not any(name in f"{row.subject}/" for name in DEPENDENCIES)


def _row(
    observation: Observation, root: str, home: str, size_of: Callable[[str], int | None]
) -> Input:
    subject = observation.subject
    if observation.kind != "environment":
        if subject == root[:-1]:
            subject = "."
        elif subject.startswith(root):
            subject = subject[len(root) :]
        elif len(home) > 2 and subject.startswith(home):
            subject = "$HOME/" + subject[len(home) :]
    is_file = observation.kind in ("file", "tool")
    size_bytes = size_of(observation.subject) if is_file else None
    return Input(observation.kind, subject, _short(observation), size_bytes)


def _short(observation: Observation) -> str:
    """Equal where the value is, as far as that matters to who looks on."""
    value = observation.value
    if observation.kind == "listing":
        return f"{value.count('/') + 1 if value else 0}:{crc32(value.encode(errors='replace')):x}"
    return shortened(value)


def shortened(value: str) -> str:
    """What a table holds of a value that is no listing: as good as it for a comparison."""
    if len(value) < 2 * SHOWN_DIGITS:
        return value
    return f"{value[:SHOWN_DIGITS]}{crc32(value.encode(errors='replace')):x}"


def _columns(rows: Sequence[Input]) -> dict[str, Any]:  # Any: JSON
    kept = sorted(rows)[:MOST_ROWS] if len(rows) < MOST_ROWS else sorted(rows[:MOST_ROWS])
    return {
        "kinds": [row.kind for row in kept],
        "subjects": [row.subject for row in kept],
        "values": [row.value for row in kept],
        "sizes": [row.size_bytes for row in kept],
        "left_out": len(rows) - len(kept),
    }
