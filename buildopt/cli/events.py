"""`buildopt events`: write to the stream of events, and read it."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from buildopt import settings
from buildopt.cli.call import open_journal, working_directory
from buildopt.cli.event_lines import line_of
from buildopt.cli.history import here
from buildopt.cli.identity import project_identity
from buildopt.cli.moments import Moment
from buildopt.cli.words import tell_note
from buildopt.errors import BuildoptError, UsageError
from buildopt.events import EVENT_LIMIT_BYTES, Severity

if TYPE_CHECKING:
    from buildopt.monitor.records import Envelope, Record
    from buildopt.monitor.stream import Reader

EPILOG = """\b
Examples:
  buildopt events emit buildopt.deploy.finished --data '{"target": "staging"}'
  buildopt events list --type buildopt.run. --from 24h --json
  buildopt events tail
"""
SAMPLE = "buildopt.metric.sample"
CLOCK = "buildopt.monitor.clock"
_TYPE = re.compile(r"buildopt(\.[a-z][a-z0-9_]*)+")
_BATCH = 2_000
_POLL_S = 0.2
_LAST_NS = 2**63 - 1


class _Asked(NamedTuple):
    types: tuple[str, ...]
    from_ns: int
    to_ns: int
    where: Mapping[str, str]
    """`host`, `project`, `environment`, `machine`; empty texts leave open."""

    def names(self, kind: str) -> bool:
        """Whether a type asks for `kind` in particular: samples and clock events are many."""
        return any(kind.startswith(name) and len(name) > len("buildopt.") for name in self.types)

    def shows(self, record: Record) -> bool:
        told = record.envelope
        is_asked = told.type.startswith(self.types) if self.types else True
        if told.type == CLOCK and not self.names(CLOCK):
            return False
        return is_asked and self.from_ns <= told.time < self.to_ns and self._is_there(told)

    def _is_there(self, told: Envelope) -> bool:
        from buildopt.monitor.rows import Origin  # not for `emit`

        origin = Origin(told.source, told.environment, told.machine)
        return all(
            not value or getattr(origin, name) == value for name, value in self.where.items()
        )


@click.group("events", epilog=EPILOG)
def command() -> None:
    """Write to the stream of events, and read it; no monitor needs to run."""


@command.command("emit")
@click.argument("kind", metavar="TYPE")
@click.option("--data", default="{}", metavar="JSON", help="What is told: one JSON object.")
@click.option("--time", "moment", type=Moment(), metavar="T", help="When it happened; else now.")
@click.option("--subject", default="", metavar="TEXT", help="What it is about.")
@click.option("--run", default="", metavar="ID", help="The run that it belongs to.")
@click.option(
    "--severity", type=click.Choice(["info", "warning", "error"]), default="info",
    show_default=True, help="How bad it is.",
)  # fmt: skip
def emit(kind: str, data: str, moment: int | None, subject: str, run: str, severity: str) -> None:
    """Append one event. TYPE begins with `buildopt.`: `buildopt.deploy.finished`."""
    if not _TYPE.fullmatch(kind):
        raise UsageError(
            f"`{kind}` is no type of an event",
            hint="name it `buildopt.SUBJECT.HAPPENED`, in lower case",
            slug="event-type",
        )
    chosen = settings.load(working_directory(), os.environ)
    journal = open_journal(project_identity(chosen.root), os.environ, chosen)
    journal.run_id = run
    told = _object(data)
    journal.emit(
        kind, told, subject=subject, severity=cast(Severity, severity),  # a choice of it
        time_ns=moment or 0,
    )  # fmt: skip
    if journal.lost_events:
        raise BuildoptError(
            f"cannot write the event to the journal in `{os.fsdecode(journal.state)}`",
            hint="an event holds at most 64 KiB; `buildopt doctor` looks at the state folder",
            slug="event-lost",
        )
    if len(json.dumps(told)) > EVENT_LIMIT_BYTES:
        tell_note(
            "the event is longer than 64 KiB: its longest texts and lists were cut",
            slug="event-cut",
        )


_FROM = click.option(
    "--from", "from_ns", type=Moment(), metavar="T", help="Not what happened before."
)
_TYPES = click.option(
    "--type", "types", multiple=True, metavar="PREFIX",
    help=f"Only types that begin so; repeatable. `{SAMPLE}` and `{CLOCK}` only if asked for.",
)  # fmt: skip


def _filters(function: Callable[..., None]) -> Callable[..., None]:
    """Options for who told: those of `monitor export`."""
    for name, of in (
        ("machine", "class of machines"), ("environment", "environment"),
        ("project", "project, or source"), ("host", "machine"),
    ):  # fmt: skip
        option = click.option(f"--{name}", default="", metavar="NAME", help=f"Only of this {of}.")
        function = option(function)
    return function


_JSON = click.option("--json", "as_json", is_flag=True, help="One object a line, for machines.")


@command.command("list")
@_FROM
@click.option("--to", "to_ns", type=Moment(), metavar="T", help="Not what happened then or later.")
@_TYPES
@_filters
@click.option("--positions", is_flag=True, help="With the position of each, as replays take it.")
@_JSON
def list_(
    *,
    from_ns: int | None,
    to_ns: int | None,
    types: tuple[str, ...],
    positions: bool,
    as_json: bool,
    **where: str,
) -> None:
    """Print the events that are kept, in the order of the stream."""
    asked = _Asked(types, from_ns or 0, _LAST_NS if to_ns is None else to_ns, where)
    reader = _reader(samples=positions or asked.names(SAMPLE))
    position = None
    while True:
        records, position = reader.read_records(position, _BATCH)
        if not records:
            return
        _show((r for r in records if asked.shows(r)), as_json=as_json, positions=positions)


@command.command("tail")
@_FROM
@_TYPES
@_filters
@_JSON
def tail(*, from_ns: int | None, types: tuple[str, ...], as_json: bool, **where: str) -> None:
    """Print events as they come, until Ctrl-C; with --from those since then as well."""
    asked = _Asked(types, from_ns or 0, _LAST_NS, where)
    reader = _reader(samples=asked.names(SAMPLE))
    position = reader.end() if from_ns is None else None
    try:
        while True:
            records, position = reader.read_records(position, _BATCH)
            _show((r for r in records if asked.shows(r)), as_json=as_json, positions=False)
            if not records:
                time.sleep(_POLL_S)
    except KeyboardInterrupt:
        click.get_current_context().exit(130)


def _reader(*, samples: bool) -> Reader:
    from buildopt.monitor.stream import Reader  # not for `emit`, which scripts call often

    state, _ = here()
    return Reader(os.fsdecode(state), seals=False, samples=samples)


def _show(records: Iterator[Record], *, as_json: bool, positions: bool) -> None:
    lines = [_json(r, positions=positions) if as_json else _line(r, positions) for r in records]
    if lines:
        click.echo("\n".join(lines))


def _json(record: Record, *, positions: bool) -> str:
    told = record.envelope
    shown: dict[str, Any] = {  # Any: JSON
        "id": told.id, "type": told.type, "time": told.time, "run": told.run,
        "source": told.source, "subject": told.subject, "severity": told.severity, "n": told.n,
        "environment": told.environment, "machine": told.machine, "schema": told.schema,
        "data": told.data,
    }  # fmt: skip
    if positions:
        shown["position"] = str(record.position)
    return json.dumps(shown)


def _line(record: Record, positions: bool) -> str:
    line = line_of(record.envelope)
    return f"{record.position}   {line}" if positions else line


def _object(text: str) -> dict[str, Any]:  # Any: JSON
    try:
        found = json.loads(text)
        json.dumps(found, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"--data is no JSON: {error}",
            hint="write one object: '{\"key\": 1}'",
            slug="event-data",
        ) from error
    if not isinstance(found, dict):
        raise UsageError(
            "--data is no JSON object", hint="write one object: '{\"key\": 1}'", slug="event-data"
        )
    return found
