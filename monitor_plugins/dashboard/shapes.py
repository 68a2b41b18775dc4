"""What the answers of the API hold: names with units, times as seconds since 1970.

The OpenAPI document is made of these records, so that it cannot say anything else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

Json = dict[str, Any]  # Any: JSON
Ratio = Annotated[float, Meta(description="0 to 1")]
Outcome = Annotated[str, Meta(description="fresh, restored, executed or lost")]


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


class Measured(Struct, kw_only=True):
    """A series of a metric."""

    name: str
    metric: str
    host: str
    source: str
    environment: str
    machine: str


class Columns(Struct, kw_only=True):
    """A series in columns: where each begins, least, most and mean, sum and number of values."""

    name: str
    host: str
    times_s: list[int]
    min: list[float]
    max: list[float]
    mean: list[float]
    sum: list[float]
    count: list[int]


class Ranged(Struct, kw_only=True):
    """The series of a metric in a time."""

    metric: str
    from_s: int
    to_s: int
    width_s: int
    series: list[Columns]
    left_out: int


class Percentiles(Struct, kw_only=True):
    """What the values of a metric in a time come to; quantiles are within 2 %."""

    metric: str
    from_s: int
    to_s: int
    count: int
    mean: float | None
    min: float | None
    max: float | None
    quantiles: dict[str, float | None]


class Overview(Struct, kw_only=True):
    """What a time comes to."""

    from_s: int
    to_s: int
    runs: int
    failed: int
    lost: int
    outcomes: dict[str, int]
    hit_ratio: Ratio | None
    time_saved_s: float
    duration_p50_s: float | None
    duration_p95_s: float | None
    open_alerts: int
    open_findings: int
    running: int
    health: str


class Cached(Struct, kw_only=True):
    """How the cache does in a time."""

    from_s: int
    to_s: int
    tasks: int
    hits: int
    hit_ratio: Ratio | None
    time_saved_s: float
    stored: int
    stored_bytes: int
    evicted_records: int
    evicted_bytes: int
    damaged: int
    reasons: dict[str, int]
    subjects: list[list[str | int]]


class Pool(Struct, kw_only=True):
    """The builds that run now together, and what the machine does."""

    running: int
    processes: int
    memory_bytes: int
    builds_cpu_utilization: Ratio | None
    cpu_utilization: Ratio | None
    memory_utilization: Ratio | None
    load_1m: float | None


class Hour(Struct, kw_only=True):
    """The runs of an hour, or of a day where the time is long."""

    start_s: int
    runs: int
    failed: int
    hits: int
    tasks: int
    time_saved_s: float
    duration_p50_s: float | None
    duration_p95_s: float | None


class Moment(Struct, kw_only=True):
    """A transition of an alert."""

    time_s: float
    kind: str
    level: str = ""
    value: float | None = None
    by: str = ""


class Alert(Struct, kw_only=True):
    """One incident, as its last transition leaves it."""

    incident: str
    rule: str
    level: str
    state: Literal["firing", "resolved"]
    title: str
    since_s: float
    changed_s: float
    duration_s: float
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    labels: Json = {}
    advice: str = ""
    run: str = ""
    acknowledged_by: str = ""
    acknowledged_until_s: float | None = None
    is_false_alarm: bool = False
    timeline: list[Moment] = []


class Silence(Struct, kw_only=True):
    """What is held back until a time."""

    id: str
    match: Json
    until_s: float
    by: str
    comment: str
    is_active: bool


class Change(Struct, kw_only=True):
    """A finding of a baseline: something lasting has changed."""

    finding: str
    name: str
    state: str
    direction: str
    time_s: float
    since_s: float
    since_run: str
    before: float | None
    after: float | None
    effect: Ratio | None
    confidence: Ratio | None
    smallest_change: float | None
    unit: str
    project: str
    cause: str
    task: str = ""
    metric: str = ""
    machine: str = ""
    cache: str = ""
    series: str = ""


class Consumer(Struct, kw_only=True):
    """A consumer of a plugin, and how it stands."""

    name: str
    status: str = ""
    position: str = ""
    behind_s: float = 0.0
    events: int = 0
    failures: int = 0
    dead_letters: int = 0
    last_error: str = ""


class Plugin(Struct, kw_only=True):
    """A plugin that was found."""

    name: str
    status: str
    reason: str
    distribution: str
    version: str
    place: str
    import_s: float
    hooks: list[str]
    consumers: list[Consumer]


class Component(Struct, kw_only=True):
    """A part of the monitor."""

    name: str
    status: str
    since: str
    output: str
    observed: float | None = None
    looked: str = ""


class Health(Struct, kw_only=True):
    """How the monitor is."""

    status: Literal["pass", "warn", "fail"]
    components: list[Component]


class Panel(Struct, kw_only=True):
    """A panel that a plugin brings."""

    id: str
    title: str
    kind: Literal["line", "bar", "number", "table"]
    metrics: list[str]
    unit: str
    path: str
    view: str


class Origin(Struct, kw_only=True):
    """Who tells: what filters can ask for."""

    environment: str
    host: str
    project: str
    machine: str


class Acknowledge(Struct, kw_only=True, forbid_unknown_fields=True):
    """I take care of it: no repeats and no escalation until then."""

    for_s: Annotated[float, Meta(gt=0, le=31_536_000)] = 14_400.0
    by: Annotated[str, Meta(max_length=200)] = ""


class Hush(Struct, kw_only=True, forbid_unknown_fields=True):
    """Hold notifications back of alerts with these labels; `rule` is one of them."""

    match: dict[str, Annotated[str, Meta(max_length=500)]] = msgspec.field(default_factory=dict)
    for_s: Annotated[float, Meta(gt=0, le=31_536_000)] = 3_600.0
    by: Annotated[str, Meta(max_length=200)] = ""
    comment: Annotated[str, Meta(max_length=1_000)] = ""


class Nothing(Struct, kw_only=True, forbid_unknown_fields=True):
    """An empty object."""


class Written(Struct, kw_only=True):
    """The event that was written; consumers take it at once."""

    event: str
    id: str


class Wrong(Struct, kw_only=True):
    """A problem as RFC 9457 has it."""

    status: int
    title: str
    detail: str = ""
