"""Analyses of a project's outputs, as the journal tells them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from buildopt import blobs, journal
from buildopt.bundle.analyzed import TYPE
from buildopt.events import Event

if TYPE_CHECKING:
    from buildopt.bundle.model import Analysis

Figures = Mapping[str, Any]  # Any: JSON; see bundle/analyzed.py


def analyses(state: bytes, root: str, output: str = "") -> Iterator[Event]:
    """Those of an output of the checkout, or of all its outputs, newest first."""
    for event in journal.read_backwards(state, TYPE):
        data = event.data
        if data.get("root") == root and output in ("", data.get("output")):
            yield event


def last_analysis(state: bytes, root: str, output: str = "") -> Figures:
    """The figures of the newest; empty where there is none."""
    return next((event.data for event in analyses(state, root, output)), {})


def whole_analysis(state: bytes, figures: Figures) -> Analysis | None:
    """All of an analysis; None where it is kept no longer."""
    from buildopt.bundle.document import decode
    from buildopt.errors import UsageError

    try:
        document = blobs.get(state, str(figures.get("document")))
        return decode(document, os.path.join(str(figures["root"]), str(figures["output"])))
    except (OSError, ValueError, UsageError):
        return None
