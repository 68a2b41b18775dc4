"""The events: an envelope in CloudEvents' terms and one record per type, with their JSON.

An event is a fact in the past tense, self-contained, at most 64 KiB as JSON. Adding a field is
fine; renaming one or changing its unit is a new type. Old journals always load: unknown types
stay plain data, unknown fields are left out, missing ones take their default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, ClassVar, Literal, NamedTuple

from buildopt.event_cuts import LONG_TEXT, shorter
from buildopt.model import MissReason, NotStored

SCHEMA = 1
EVENT_LIMIT_BYTES = 65_536
"""An event's JSON is at most this long; lists in it are cut to fit and the cut is counted."""
BY_USER = (1, 2, 13, 15)
"""Hang-up, interrupt, broken pipe, termination: somebody ended the command, or read no further (as
`head` does), and it did not fail."""
STATUS_OF_SIGNAL = 128
"""A shell shows 128 + N for a command that signal N ended."""
Outcome = Literal["fresh", "restored", "executed"]
Severity = Literal["info", "warning", "error"]


class InputCounts(NamedTuple):
    """How many of each kind a run depended on."""

    files: int = 0
    absent: int = 0
    listings: int = 0
    links: int = 0
    variables: int = 0


class OutputCounts(NamedTuple):
    """What a run left: regular files, their bytes, paths it removed."""

    files: int = 0
    bytes: int = 0
    removed: int = 0


class Ignored(NamedTuple):
    """What settings leave out of the record: patterns of inputs and outputs, names of variables."""

    input: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    env: tuple[str, ...] = ()


NO_INPUTS = InputCounts()
NO_OUTPUTS = OutputCounts()
NOTHING_IGNORED = Ignored()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """How one task ended: a step inside a command, or a named task.

    `started_s` is when it began, since the beginning of the run around it. `inside` names the
    task of the same call whose step it is. `error` is the line of its output that says what failed.
    """

    task: str
    command: tuple[str, ...]
    directory: str
    outcome: Outcome
    exit_code: int
    stored: bool
    not_stored: tuple[NotStored, ...] = ()
    miss_reasons: tuple[MissReason, ...] = ()
    duration_s: float = 0.0
    time_saved_s: float = 0.0
    started_s: float = 0.0
    inside: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """A call of `run` ended; the same fields make the result file.

    `signal` is the number of the signal that ended the command, else None. `record` names the
    trace that was hit or stored. `error` is the line of the output that says what failed, if it
    did. `lost_events` counts events of this run that no journal took.
    `tasks` are the steps inside. A call of many tasks has these for its `tasks`, each before its
    steps, their names for its `command`, the sums of their inputs and outputs (what two of them
    read counts twice), why any of them was not stored, and never a miss reason of its own.
    """

    type: ClassVar[str] = "buildopt.run.finished"

    run_id: str
    task: str
    command: tuple[str, ...]
    directory: str
    outcome: Outcome
    exit_code: int
    signal: int | None = None
    stored: bool = False
    not_stored: tuple[NotStored, ...] = ()
    miss_reasons: tuple[MissReason, ...] = ()
    observer: str = "declared"
    duration_s: float = 0.0
    time_saved_s: float = 0.0
    lookup_s: float = 0.0
    restore_s: float = 0.0
    inputs: InputCounts = NO_INPUTS
    outputs: OutputCounts = NO_OUTPUTS
    ignored: Ignored = NOTHING_IGNORED
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    tasks: tuple[TaskResult, ...] = ()
    hit_ratio: float | None = None
    not_run: tuple[str, ...] = ()
    """Of a call with many tasks: those that another one's failure or a signal kept from it."""
    record: str = ""
    project: str = ""
    root: str = ""
    branch: str | None = None
    commit: str | None = None
    """Of a run that really took place in a checkout of git: what was checked out at its end."""
    error: str = ""
    lost_events: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFinished(TaskResult):
    """A task really ran and ended, or is one of many in a call, however it ended.

    The rest are digests of blobs: `processes` lists its processes, `inputs` are what it depended
    on (input_table.py), `machine` what it ran on (machine_facts.py).
    """

    type: ClassVar[str] = "buildopt.task.finished"

    processes: str = ""
    inputs: tuple[str, ...] = ()
    machine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLookup:
    """A task was looked up and no record held; `candidates` is how many records were tried."""

    type: ClassVar[str] = "buildopt.cache.lookup"

    task: str
    result: Literal["hit", "miss", "bypass"]
    miss_reasons: tuple[MissReason, ...] = ()
    reasons_left_out: int = 0
    candidates: int = 0


class StoredOutput(NamedTuple):
    """One output as the report shows it; the path is relative to the project's root."""

    path: str
    kind: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStored:
    """A run was recorded. `bytes_added` is what the cache grew by; `content` is equal for two
    records that give the same files.
    """

    type: ClassVar[str] = "buildopt.cache.stored"

    task: str
    record: str
    entry: str
    outputs: tuple[StoredOutput, ...] = ()
    outputs_left_out: int = 0
    bytes_added: int = 0
    duration_s: float = 0.0
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheEvicted:
    """A sweep took something out of the cache: `records` that were not worth their bytes or that
    nobody used for long, and what nobody needed any more. `limit_bytes` is what may stay.
    """

    type: ClassVar[str] = "buildopt.cache.evicted"

    records: int
    files: int
    bytes_freed: int
    limit_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageFound:
    """Something of the cache or of a former run was not as it should be, and was put right."""

    type: ClassVar[str] = "buildopt.cache.damage_found"

    subject: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChanged:
    """A component of the monitor works, or does not any more; `before` is empty at first.

    `observed` is the value that was looked at, `output` says it in words.
    """

    type: ClassVar[str] = "buildopt.health.changed"

    component: str
    status: Literal["pass", "warn", "fail"]
    before: str = ""
    observed: float | None = None
    output: str = ""


EventData = (
    RunFinished
    | TaskFinished
    | CacheLookup
    | CacheStored
    | CacheEvicted
    | DamageFound
    | HealthChanged
)
TYPES: Mapping[str, type[Any]] = {  # Any: the records share no base class on purpose
    record.type: record
    for record in (
        RunFinished, TaskFinished, CacheLookup, CacheStored, CacheEvicted, DamageFound,
        HealthChanged,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The envelope. `time_ns` is wall time, `mono_ns` the emitter's monotonic clock.

    `environment` is OpenTelemetry's `deployment.environment.name`, `machine` a class of machines
    (`deployment.py`). `n` counts a source's events from 1, so that a gap shows a loss. `position`
    is set by the reader: segment and byte offset, the order that consumers see.
    """

    id: str
    time_ns: int
    mono_ns: int
    boot: str = ""
    type: str
    source: str
    run: str = ""
    n: int
    data: Mapping[str, Any]  # Any: JSON
    subject: str = ""
    parent: str = ""
    severity: Severity = "info"
    schema: int = SCHEMA
    environment: str = ""
    machine: str = ""
    position: str = ""


_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_NAMES = {"time_ns": "time", "mono_ns": "mono"}
_FIELDS = {_NAMES.get(name, name): name for name in (f.name for f in fields(Event))}


def data_of(record: EventData) -> dict[str, Any]:
    """The record as JSON-ready data; what a run did not have is absent."""
    plain = {f.name: _plain(getattr(record, f.name)) for f in fields(record)}
    data = {name: value for name, value in plain.items() if value is not None}
    if isinstance(record, RunFinished):
        return _run_data(record, data)
    return data


def severity_of(record: EventData) -> Severity:
    """How grave a fact is: a run or a task that failed is an error, unless its user ended it."""
    if not isinstance(record, RunFinished | TaskFinished):
        return "info"
    signal = record.signal if isinstance(record, RunFinished) else None
    is_by_user = signal in BY_USER or record.exit_code - STATUS_OF_SIGNAL in BY_USER
    has_failed = bool(record.exit_code or signal)
    return "error" if has_failed and not is_by_user else "info"


def record_of(event: Event) -> EventData | None:
    """The typed record of an event, or None for a type that this version does not know."""
    kind = TYPES.get(event.type)
    if kind is None:
        return None
    try:
        return kind(**_values(kind, event.data))  # type: ignore[no-any-return]  # of TYPES
    except TypeError:
        return None


def run_of(data: Mapping[str, Any]) -> RunFinished:  # Any: JSON
    """The result of a run from what `data_of` made of it."""
    return RunFinished(**_values(RunFinished, data))


def encode(event: Event) -> bytes:
    """One line of JSON, ASCII, at most `EVENT_LIMIT_BYTES`.

    Raises ValueError for what stays longer, and for NaN and infinities, which are no JSON.
    """
    payload = _dump(event)
    while len(payload) > EVENT_LIMIT_BYTES:
        shortened = _shorten(event)
        if shortened is event:
            raise ValueError(f"event of type {event.type} has {len(payload)} bytes")
        event = shortened
        payload = _dump(event)
    return payload


def decode(payload: bytes, position: str = "") -> Event:
    """The event of one line; raises ValueError for what is none."""
    raw = json.loads(payload.decode("utf-8", "surrogatepass"))
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise ValueError("not an event")
    values = {_FIELDS[key]: value for key, value in raw.items() if key in _FIELDS}
    try:
        return Event(**{**values, "position": position})
    except TypeError as error:
        raise ValueError(str(error)) from error


def _dump(event: Event) -> bytes:
    raw = {
        name: value
        for name, field in _FIELDS.items()
        if (value := getattr(event, field)) not in ("", None)
    }
    return _JSON.encode(raw).encode("ascii")


def _run_data(record: RunFinished, data: dict[str, Any]) -> dict[str, Any]:
    """The fixed contract of the result file: exit code or signal, steps only where there were."""
    data = {"schema": SCHEMA, **data}
    if record.signal is not None:
        del data["exit_code"]
    if not record.tasks:
        del data["tasks"]
        data.pop("hit_ratio", None)
    if not record.not_run:
        del data["not_run"]
    if not record.error:
        del data["error"]
    if record.ignored == NOTHING_IGNORED:
        del data["ignored"]
    return data


def _values(kind: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:  # Any: as in TYPES
    """The fields of a record in the data of an event."""
    known = {f.name for f in fields(kind)}
    values = {name: _typed(name, value) for name, value in data.items() if name in known}
    if kind is RunFinished and "exit_code" not in values:
        values["exit_code"] = STATUS_OF_SIGNAL + int(values.get("signal") or 0)
    return values


def _typed(name: str, value: Any) -> Any:  # Any: JSON in, field values out
    rows: Mapping[str, type[Any]] = {
        "not_stored": NotStored,
        "miss_reasons": MissReason,
        "tasks": TaskResult,
    }
    if name in rows or (name == "outputs" and isinstance(value, list)):
        return tuple(_row(rows.get(name, StoredOutput), row) for row in value)
    if name == "inputs" and isinstance(value, dict):
        return _row(InputCounts, value)
    if name == "outputs":
        return _row(OutputCounts, value)
    if name == "ignored":
        return _row(Ignored, value)
    return tuple(value) if isinstance(value, list) else value


def _row(kind: type[Any], row: Mapping[str, Any]) -> Any:  # Any: one of the small records above
    known = _field_names(kind)
    return kind(**{key: _typed(key, value) for key, value in row.items() if key in known})


def _field_names(kind: type[Any]) -> set[str]:
    return {f.name for f in fields(kind)} if is_dataclass(kind) else set(kind._fields)


def _plain(value: Any) -> Any:  # Any: field values in, JSON out
    """Records as objects, tuples as lists, the rest as it is."""
    if value is None or isinstance(value, str | int | float):
        return value
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        if hasattr(value, "_fields"):
            return {name: _plain(item) for name, item in zip(value._fields, value, strict=True)}
        return [_plain(item) for item in value]
    return value


def _shorten(event: Event) -> Event:
    """The event with less in it; the event itself where nothing of it can go."""
    if len(event.subject) > LONG_TEXT + 1:
        return replace(event, subject=event.subject[:LONG_TEXT] + "…")
    data = shorter(event.data)
    return event if data is None else replace(event, data=data)
