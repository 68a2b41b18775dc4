"""An output as its analyses leave it: the newest of each, one build in full, two side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from buildopt.monitor.hookspecs import Known, Panel, size
from monitor_plugins.dashboard import charted, lists
from monitor_plugins.dashboard.asked import Parameter, Problem
from monitor_plugins.dashboard.ranges import Shown
from monitor_plugins.dashboard.shapes.runs import Bundle

MOST_BUNDLES = 200
MOST_ROWS = 50
NO_MAP = "no-map"
"""A finding of an analysis: a file without a source map."""
Figures = Mapping[str, Any]  # Any: JSON of the event
Analysis = tuple[Bundle, Figures]
PARAMETERS = (
    Parameter("output", "which"),
    Parameter("of", "of this project, where several have one of that name"),
    Parameter("run", "the build of it that is shown; the newest without"),
    Parameter("against", "the build that it is compared with"),
)
_HASH = re.compile(r"[-.][A-Za-z0-9_-]{8,}(?=\.[a-z0-9.]+$)")
"""What bundlers put before the ending of a file, of what it holds."""


class Part(NamedTuple):
    """A package, file or folder: its size in both builds; None where it is not there."""

    name: str
    note: str
    size_bytes: int | None
    before_bytes: int | None = None


def facts(known: Known, shown: Shown, _: Sequence[Panel]) -> dict[str, Any]:  # Any: see views
    """The newest analysis of each output; one of them in full."""
    where = shown.asked.where._replace(from_ns=0)  # builds of outputs are rare
    rows = known.events(where, types=(lists.BUNDLE,), limit=MOST_BUNDLES)
    every = [(lists.bundle_of(row), row["data"]) for row in rows]
    newest: dict[tuple[str, str], Bundle] = {}
    for bundle, _figures in every:
        newest.setdefault((bundle.project, bundle.output), bundle)
    told = {"outputs": list(newest.values()), "chosen": None}
    first = _first(shown, every, newest.values())
    if first is None:
        return told
    mine = [
        one for one in every if (one[0].project, one[0].output) == (first.project, first.output)
    ]
    return told | _of_output(shown, mine)


def _first(shown: Shown, every: Iterable[Analysis], newest: Iterable[Bundle]) -> Bundle | None:
    """The newest build that is asked for: by its run, by its output, by its project."""
    run, output, project = (shown.asked[name] or "" for name in ("run", "output", "of"))
    of_run = (one for one, _ in every if run and one.run == run)
    asked_for = (
        one for one in (*of_run, *newest)
        if output in ("", one.output) and project in ("", one.project)
    )  # fmt: skip
    return next(asked_for, None)


def _of_output(shown: Shown, mine: Sequence[Analysis]) -> dict[str, Any]:  # Any: see views
    run, against = shown.asked["run"] or "", shown.asked["against"] or ""
    chosen, figures = _of_run(mine, run) if run else mine[0]
    before, older = _of_run(mine, against) if against else (None, {})
    earlier = [one for one, _ in mine if one.time_s < chosen.time_s]
    has_packages = _has_packages(figures) and (before is None or _has_packages(older))
    sizes = [(one.time_s, one.raw_bytes, one.gzip_bytes) for one, _ in reversed(mine)]
    return {
        "chosen": chosen,
        "before": before or (earlier[0] if earlier else None),
        "compared": before,
        "history": [one for one, _ in mine],
        "charts": [charted.of_sizes(sizes)] if len(sizes) > 1 else [],
        "packages": beside(
            _packages(figures), _packages(older), is_compared=bool(before) and has_packages
        ),
        "has_packages": has_packages,
        "files": beside(_files(figures), _files(older), is_compared=bool(before)),
        "folders": beside(_folders(figures), _folders(older), is_compared=bool(before)),
    }


def _of_run(mine: Sequence[Analysis], run: str) -> Analysis:
    found = next((one for one in mine if one[0].run == run), None)
    if found is None:
        raise Problem(404, "no build of this output is known by that run")
    return found


def beside(parts: Iterable[Part], before: Iterable[Part], *, is_compared: bool) -> list[Part]:
    """Parts in the order of their sizes; of two builds in the order of what changed most."""
    old = {without_hash(part.name): part for part in before}
    found = []
    for part in parts:
        known = old.pop(without_hash(part.name), None)
        found.append(part._replace(before_bytes=known.size_bytes if known else None))
    found += [part._replace(size_bytes=None, before_bytes=part.size_bytes) for part in old.values()]
    if is_compared:
        found.sort(key=lambda one: -abs((one.size_bytes or 0) - (one.before_bytes or 0)))
    return found[:MOST_ROWS]


def without_hash(name: str) -> str:
    """`assets/index.js` of `assets/index-Bx81kLq2.js`: what a build calls it the next time too."""
    return _HASH.sub("", name)


def _packages(figures: Figures) -> list[Part]:
    return [
        Part(
            str(row.get("name")),
            ", ".join(map(str, row.get("versions") or ())),
            _whole(row, "bytes"),
        )
        for row in _rows(figures, "packages")
    ]


def _has_packages(figures: Figures) -> bool:
    """Whether its packages are known; without source maps they are not."""
    findings = figures.get("findings")
    lacks_maps = isinstance(findings, Mapping) and NO_MAP in findings
    return bool(_packages(figures)) or not lacks_maps


def _files(figures: Figures) -> list[Part]:
    found = []
    for row in _rows(figures, "files"):
        sizes = row.get("sizes")
        sizes = sizes if isinstance(sizes, Mapping) else {}
        found.append(Part(str(row.get("path")), _gzip(sizes), _whole(sizes, "raw")))
    return found


def _folders(figures: Figures) -> list[Part]:
    folders = figures.get("folders")
    rows = folders.items() if isinstance(folders, Mapping) else ()
    return [Part(str(name), "", size) for name, size in rows if isinstance(size, int)]


def _gzip(sizes: Mapping[str, Any]) -> str:  # Any: JSON
    packed = _whole(sizes, "gzip")
    return "" if packed is None else size(packed)


def _rows(figures: Figures, name: str) -> list[Mapping[str, Any]]:  # Any: JSON
    rows = figures.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _whole(row: Mapping[str, Any], name: str) -> int | None:  # Any: JSON
    value = row.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
