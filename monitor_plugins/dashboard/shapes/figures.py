"""Metrics over time, and what a time comes to, as answers of the API hold them."""

from __future__ import annotations

from msgspec import Struct

from monitor_plugins.dashboard.shapes.kinds import Ratio


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


class Building(Struct, kw_only=True):
    """A build that runs now, since when, and why it does."""

    run: str
    task: str
    project: str
    host: str
    since_s: float
    text: str


class Pool(Struct, kw_only=True):
    """The builds that run now, what they take together, and what the machine does."""

    running: int
    builds: list[Building]
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
