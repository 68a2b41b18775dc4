"""Analyses of a project's outputs, as the journal tells them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from buildopt import blobs, journal
from buildopt.bundle.analyzed import TYPE
from buildopt.events import Event

if TYPE_CHECKING:
    from buildopt.bundle.model import Analysis, BundleAnalysis
    from buildopt.bundle.summary import BundleSummary

Figures = Mapping[str, Any]  # Any: JSON; see bundle/analyzed.py
MOST_BUILDS = 100
"""How far back is looked."""


class Place(NamedTuple):
    """Whose history it is: an output of a checkout, or all of its outputs."""

    state: bytes
    root: str
    output: str = ""


def place_of(analysis: BundleAnalysis) -> Place:
    """The output of an analysis, seen from the project of the working directory."""
    from buildopt.cli.history import here

    state, root = here()
    return Place(state, root, os.path.relpath(analysis.output, root))


def analyses(place: Place) -> Iterator[Event]:
    """The analyses of the place, the newest first."""
    for event in journal.read_backwards(place.state, TYPE):
        data = event.data
        if data.get("root") == place.root and place.output in ("", data.get("output")):
            yield event


def last_analysis(place: Place) -> Figures:
    """The figures of the newest; empty where there is none."""
    return next((event.data for event in analyses(place)), {})


def whole_analysis(state: bytes, figures: Figures) -> Analysis | None:
    """All of an analysis; None where it is kept no longer."""
    from buildopt.bundle.document import decode
    from buildopt.errors import UsageError

    try:
        document = blobs.get(state, str(figures.get("document")))
        return decode(document, os.path.join(str(figures["root"]), str(figures["output"])))
    except (OSError, ValueError, UsageError):
        return None


def build_before(now: BundleAnalysis) -> tuple[BundleAnalysis, str] | None:
    """The newest analysed build that is not like this one, and which one it is; the newest of all
    where none differs. Estimates and exact figures each among themselves.
    """
    from buildopt.bundle.analyzed import is_estimate
    from buildopt.bundle.model import BundleAnalysis

    place = place_of(now)
    newest = None
    for event in _newest(place, is_estimate=is_estimate(now)):
        found = whole_analysis(place.state, event.data)
        if not isinstance(found, BundleAnalysis):
            continue
        newest = newest or (found, _words(event))
        if _contents(found) != _contents(now):
            return found, _words(event)
    return newest


def summaries(now: BundleAnalysis) -> tuple[BundleSummary, ...]:
    """Exact figures of earlier builds, the newest first. What was built last may be the one that is
    looked at now: it is left out.
    """
    import msgspec

    from buildopt.bundle.summary import BundleSummary, summary_of

    found = []
    for event in _newest(place_of(now), is_estimate=False):
        try:
            found.append(msgspec.convert(event.data, BundleSummary))
        except msgspec.ValidationError:
            continue  # of an archive, or cut off
    own = summary_of(now).files
    return tuple(found[1:] if found and found[0].files == own else found)


def _newest(place: Place, *, is_estimate: bool) -> Iterator[Event]:
    count = 0
    for event in analyses(place):
        if event.data.get("is_estimate") is is_estimate:
            yield event
            count += 1
        if count == MOST_BUILDS:
            return


def _contents(analysis: BundleAnalysis) -> dict[str, str]:
    return {file.path: file.sha256 for file in analysis.files}


def _words(event: Event) -> str:
    """`2026-11-29 23:52, run 01a229b9-8290`."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(event.time_ns / 1e9))
    return f"{when}, run {event.run[:13]}"
