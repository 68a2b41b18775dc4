"""Runs, tasks, look-ups, processes and outputs as answers of the API hold them."""

from __future__ import annotations

from msgspec import Struct

from monitor_plugins.dashboard.shapes.kinds import Json, Outcome, Ratio


class Run(Struct, kw_only=True):
    """A call of `buildopt run` that ended, or was lost."""

    run: str
    task: str
    time_s: float
    outcome: Outcome
    exit_code: int | None = None
    signal: int | None = None
    stored: bool | None = None
    duration_s: float | None = None
    time_saved_s: float | None = None
    cpu_s: float | None = None
    peak_memory_bytes: int | None = None
    hit_ratio: Ratio | None = None
    root: str = ""
    environment: str = ""
    host: str = ""
    project: str = ""
    machine: str = ""


class Reason(Struct, kw_only=True):
    """Why no record held, or why nothing was stored; `text` says it in words."""

    kind: str
    subject: str
    text: str


class Step(Struct, kw_only=True):
    """A task of a run: a step inside a command, or a named task."""

    run: str
    task: str
    inside: str
    directory: str
    outcome: Outcome
    command: list[str] = []
    exit_code: int | None = None
    stored: bool | None = None
    started_s: float = 0.0
    duration_s: float | None = None
    time_saved_s: float | None = None
    miss_reasons: list[Reason] = []
    not_stored: list[Reason] = []


class Task(Struct, kw_only=True):
    """A task in the list of all."""

    run: str
    task: str
    inside: str
    directory: str
    time_s: float
    outcome: Outcome
    exit_code: int | None = None
    stored: bool | None = None
    duration_s: float | None = None
    time_saved_s: float | None = None
    environment: str = ""
    host: str = ""
    project: str = ""
    machine: str = ""


class Lookup(Struct, kw_only=True):
    """A task that no record answered, with its first reason."""

    run: str
    task: str
    time_s: float
    result: str
    reason: str
    subject: str
    text: str
    environment: str = ""
    host: str = ""
    project: str = ""
    machine: str = ""


class Process(Struct, kw_only=True):
    """A process of a run; times are seconds since the run began."""

    pid: int
    parent_pid: int
    command: list[str]
    start_s: float
    end_s: float
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    exit_code: int | None = None


class Happened(Struct, kw_only=True):
    """An event of the stream. `position` goes on behind it."""

    id: str
    type: str
    time_s: float
    position: str
    source: str
    subject: str = ""
    run: str = ""
    severity: str = "info"
    environment: str = ""
    machine: str = ""
    data: Json = {}


class RunDetail(Struct, kw_only=True):
    """One run: its row, what `buildopt.run.finished` says, and all that was told of it."""

    run: Run
    result: Json
    events: list[Happened]


class Bundle(Struct, kw_only=True):
    """An analysis of an output; sizes are bytes, `document` names the whole of it."""

    run: str
    time_s: float
    output: str
    kind: str
    task: str = ""
    project: str = ""
    is_estimate: bool = False
    raw_bytes: int | None = None
    gzip_bytes: int | None = None
    brotli_bytes: int | None = None
    duplicates: int = 0
    findings: Json = {}
    document: str = ""
