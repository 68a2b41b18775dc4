"""What a report asks at the time it is written: tools, settings and plugins of this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from importlib.metadata import entry_points
from itertools import islice
from typing import Any

from buildopt.errors import BuildoptError
from buildopt.events import Event
from buildopt.input_table import InputTable
from buildopt.phrases import printable
from buildopt.report.present import AddedSection, Present, SettingShown
from buildopt.report.processes import Process
from buildopt.report.system import Samples, Span
from buildopt.report.versions import Place, ToolVersion, versions_of
from buildopt.secrets_found import masked, secrets_of

LONGEST_VALUE = 80
MOST_ROWS = 100
"""Of a plugin's section."""
LONGEST_TEXT = 500


def present_of(root: str, state: bytes) -> Present:
    """Who is asked for the report of a run in `root`; `state` is the folder of its journal."""

    def versions(processes: Sequence[Process], table: InputTable) -> tuple[ToolVersion, ...]:
        home = os.environ.get("HOME", "")
        return versions_of(processes, table, Place(root, home), os.environ)

    return Present(
        versions=versions,
        settings=lambda: tuple(_settings(root)),
        samples=partial(_samples, os.fsdecode(state)),
        sections=lambda events: tuple(_sections(events)),
    )


def _samples(state: str, span: Span, names: Sequence[str]) -> dict[str, Samples]:
    """What a monitor measured, as far as it is in the index."""
    import sqlite3

    from buildopt.monitor.hookspecs import Where
    from buildopt.monitor.index import Index

    found: dict[str, Samples] = {}
    span_s = span.start_ms // 1000, -(-span.end_ms // 1000)
    with closing(Index(state)) as index, suppress(sqlite3.Error):
        for metric in dict.fromkeys(name.partition("{")[0] for name in names):
            for series in index.series(Where(host=span.host), metric=metric):
                if series.name in names:
                    samples = index.samples(series.id, span_s)
                    found[series.name] = sorted([*found.get(series.name, ()), *samples])
    return found


def _settings(root: str) -> Iterator[SettingShown]:
    """Those that somebody set, but for tasks, whose commands are shown elsewhere."""
    from buildopt.settings.keys import KEYS
    from buildopt.settings.origins import values_for

    keys = {key.name for key in KEYS}
    secrets = secrets_of(os.environ)
    try:
        values = values_for(root, os.environ)
    except (BuildoptError, OSError):
        return
    for each in values:
        if each.key not in keys or each.origin == "default":
            continue
        value = printable(json.dumps(masked(each.value, secrets), ensure_ascii=False))
        file = os.path.relpath(each.file, root) if each.origin == "project file" else each.file
        origin = each.variable or (f"{file}:{each.line}" if file else each.origin)
        yield SettingShown(
            name=each.key,
            value=value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…",
            origin=printable(origin),
        )


def _sections(events: Sequence[Event]) -> Iterator[AddedSection]:
    """What plugins add; those that come with buildopt add nothing, and are not loaded for it."""
    from buildopt.monitor.hookspecs import ENTRY_POINTS

    found = [
        each
        for each in entry_points(group=ENTRY_POINTS)
        if each.dist is None or each.dist.name != "buildopt"
    ]
    if not found:
        return
    from buildopt.cli.plugin_options import chosen
    from buildopt.monitor.loading import load

    loaded = load(chosen(()), found)
    try:
        for plugin, section in loaded.contributions("report_sections"):
            yield from _section(plugin, section, events)
    finally:
        loaded.close()
        for row in loaded.rows:
            if row.status == "failed":
                yield AddedSection(title=row.name, by=row.name, trouble=printable(row.reason))


def _section(
    plugin: str, section: Any, events: Sequence[Event]
) -> Iterator[AddedSection]:  # Any: a stand-in
    """One section of a plugin, whose code may do whatever it likes but fail the report."""
    title = printable(str(section.title or section.name))[:LONGEST_VALUE]
    try:
        rows = tuple(
            (printable(str(label))[:LONGEST_TEXT], printable(str(text))[:LONGEST_TEXT])
            for label, text in islice(section.rows(events), MOST_ROWS)
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001  # the plugin's own code
        yield AddedSection(title=title, by=plugin, trouble=printable(str(error)))
        return
    if rows:
        yield AddedSection(title=title, rows=rows, by=plugin)
