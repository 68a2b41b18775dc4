"""Everything a plugin of the monitor can do, on one page.

A plugin is a module that an entry point of the group `buildopt.monitor_plugins` names:

    BUILDOPT_API = 1                     # the API_VERSION it was written for

    @hookimpl
    def consumers():
        return [MyConsumer()]

Each function below marked `@hookspec` is a hook. A plugin has those that it wants, with or without
the arguments; a name or an argument that is not here is refused when the plugin is loaded. The
plugins that come with buildopt are registered in the same way and can do no more.

The rules, in one breath: `handle` and `tick` have no effect but the events that they return and
what they write to `state`; time comes from events, never from the clock; how events are grouped
into batches means nothing. Then the same journal gives the same bytes, live or replayed, and each
event counts exactly once in the state, whatever is killed when. Effects on the outside (a mail, a
request) belong to a `Worker`. A plugin that raises, hangs or dies is set aside by its name.

A plugin of another distribution than buildopt runs in a process of its own, unless the settings
trust it (`trusted_plugins`): records of this page cross the pipe as JSON, so they hold plain data.
docs/guides/write-a-plugin.md builds one step by step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import pluggy

from buildopt.critical_path import critical_path as critical_path
from buildopt.critical_path import depth_first as depth_first
from buildopt.critical_path import gaps_between as gaps_between
from buildopt.critical_path import last_first as last_first
from buildopt.critical_path import tree_of as tree_of
from buildopt.events import Event, Severity
from buildopt.phrases import miss_phrase as miss_phrase
from buildopt.phrases import not_stored_phrase as not_stored_phrase
from buildopt.phrases import printable as printable
from buildopt.quantities import change as change
from buildopt.quantities import counted as counted
from buildopt.quantities import duration as duration
from buildopt.quantities import exact_bytes as exact_bytes
from buildopt.quantities import moment as moment
from buildopt.quantities import share as share
from buildopt.quantities import signed as signed
from buildopt.quantities import size as size
from buildopt.report.period_report import ListedReport as ListedReport
from buildopt.report.period_report import PeriodReport as PeriodReport
from buildopt.report.period_report import page_of_reports as page_of_reports
from buildopt.report.period_report import period_report as period_report

API_VERSION = 1
"""Rises when something on this page changes its meaning. What is added does not change it."""
ENTRY_POINTS = "buildopt.monitor_plugins"
COMMANDS = "buildopt.commands"
"""Entry-point group of commands: `NAME = "module:click_command"` makes `buildopt NAME`. Its click
context's `obj` is a `Caller`. A constant `HELP_GROUP` of its module, `"look"` say, places it in
the help; without it, it stands under `monitor`."""

hookspec = pluggy.HookspecMarker("buildopt")
hookimpl = pluggy.HookimplMarker("buildopt")


# ---- consumers: every event, exactly once -----------------------------------------------------


class State(Protocol):
    """A consumer's own memory: a transaction on its own SQLite file, committed by the host.

    What `handle` or `tick` wrote is kept together with the position in the journal, or not at all.
    """

    version: int
    """The `state_version` of who wrote last; 0 for a new file."""

    def get(self, key: str, default: Any = None) -> Any:  # Any: JSON
        """The JSON value of a key."""

    def set(self, key: str, value: Any) -> None:  # Any: JSON
        """Remember a JSON value."""

    def delete(self, key: str) -> None:
        """Forget a key."""

    def items(self, prefix: str = "") -> Iterator[tuple[str, Any]]:  # Any: JSON
        """Keys that begin so, in order, with their values."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """SQL on tables of one's own (made in `migrate`); the rows that come of it.

        Their names do not begin with `host_`. BEGIN, COMMIT, ATTACH and PRAGMA are the host's.
        """

    def wake_at(self, time_ns: int) -> None:
        """Have `tick` called at that time of the stream, once; further times may be asked for."""


class Consumer(Protocol):
    """Gets every event whose type begins with one of `types`, in order, but not its own."""

    name: str
    """Unique; letters, digits, `-` and `_`. Names the file of its state."""
    version: str
    types: Sequence[str]
    """Prefixes of event types: `("buildopt.run.", "buildopt.task.")`; `("buildopt.",)` for all."""
    state_version: int
    """From 1; raised when what is in the state changes its form (`Migrating`)."""

    def handle(self, batch: Sequence[Event], state: State) -> Iterable[Event]:
        """Take up to 256 events; return those that follow from them (`fact`)."""


@runtime_checkable
class Ticking(Protocol):
    """A consumer with timers has this too. It gets its events one by one, `tick` between them."""

    def tick(self, now_ns: int, state: State) -> Iterable[Event]:
        """A time that `wake_at` asked for has come: behind all events until then."""


@runtime_checkable
class Migrating(Protocol):
    """A consumer with tables of its own, or whose `state_version` has risen, has this too."""

    def migrate(self, state: State) -> None:
        """Bring a state of `state.version` to `state_version`; 0 is a new file."""


@runtime_checkable
class Durable(Protocol):
    """A consumer whose own tables must outlive a power cut to the last step has this too."""

    is_durable: bool


def fact(
    kind: str,
    data: Mapping[str, Any],  # Any: JSON
    *,
    time_ns: int,
    of: Event | None = None,
    subject: str = "",
    run: str = "",
    parent: str = "",
    severity: Severity = "info",
) -> Event:
    """An event to return from `handle` or `tick`; the host gives it its id, source and number.

    One that follows `of` another belongs to the same run, environment and machine.
    """
    return Event(
        id="",
        time_ns=time_ns,
        mono_ns=0,
        type=kind,
        source="",
        n=0,
        data=data,
        subject=subject,
        run=run or (of.run if of else ""),
        parent=parent or (of.id if of else ""),
        severity=severity,
        environment=of.environment if of else "",
        machine=of.machine if of else "",
    )


# ---- workers: effects on the outside ----------------------------------------------------------


class Outside(Protocol):
    """What a worker has: its plugin's state to read, and a way to say what it did."""

    @property
    def channels(self) -> Mapping[str, NotificationChannel]:
        """Those of all plugins, by name."""

    @property
    def folder(self) -> str:
        """A folder for files that it makes, its consumer's own; it is there."""

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """Rows of the consumer's own tables as they were last committed."""

    def emit(self, event: Event) -> None:
        """Write an event; it comes back to the consumer, which marks what is done."""

    def wait(self, timeout_s: float) -> bool:
        """Sleep until a change of the consumer's own tables was committed, it is time to end, or
        the time is over.

        False when the worker is to end, within two seconds.
        """


class Worker(Protocol):
    """Does what cannot be taken back, at least once, after the state that wants it is committed.

    Runs in a thread of its own while the monitor runs and never in a replay. It reads what is due
    from the consumer's tables, does it with an idempotency key, and emits an event about it.
    """

    name: str
    consumer: str
    """The name of the consumer whose state it reads."""

    def run(self, outside: Outside) -> None:
        """Work until `outside.wait` answers False."""


# ---- what is measured -------------------------------------------------------------------------


class Measurement(NamedTuple):
    """One value: OpenTelemetry's name and unit, ratios from 0 to 1, seconds, bytes."""

    name: str
    value: float
    unit: str = "1"
    attributes: Mapping[str, str] = {}  # a default that nobody changes


class MetricSource(Protocol):
    """Something that is measured at regular times."""

    name: str
    interval_s: float

    def sample(self, now_ns: int) -> Iterable[Measurement]:
        """Measure now. What cannot be had is left out; a source that is broken raises."""


class Finding(NamedTuple):
    """What a detector saw in a series: where it began (an index of `values`), in words."""

    kind: str
    start: int
    text: str
    data: Mapping[str, Any] = {}  # Any: JSON; nobody changes it


class Detector(Protocol):
    """Finds what is unusual in a series; looks at nothing but the values it is given."""

    name: str

    def detect(
        self, metric: str, times_s: Sequence[float], values: Sequence[float]
    ) -> Iterable[Finding]:
        """Findings so far; asked again with each new value."""


# ---- alerts -----------------------------------------------------------------------------------


class Notification(NamedTuple):
    """One message to people. The same `key` again is the same message: at least once."""

    key: str
    title: str
    text: str
    severity: Severity
    data: Mapping[str, Any]  # Any: JSON


class Delivery(NamedTuple):
    """How sending went. `refused`: another try is of no use."""

    status: Literal["delivered", "failed", "refused"]
    detail: str = ""
    retry_after_s: float | None = None


class NotificationChannel(Protocol):
    """A way to tell people."""

    name: str

    def send(self, notification: Notification) -> Delivery:
        """Send one message, within ten seconds."""


# ---- what is known: questions to the monitor ---------------------------------------------------

Row = Mapping[str, Any]  # Any: JSON
"""A row of a list: the columns that docs/dashboard.md explains."""
LAST_NS = 2**63 - 1


class Where(NamedTuple):
    """What is asked for; empty texts leave open. `to_ns` is not inside any more."""

    environment: str = ""
    host: str = ""
    project: str = ""
    machine: str = ""
    from_ns: int = 0
    to_ns: int = LAST_NS


ANYWHERE = Where()


def where_of(query: Mapping[str, str]) -> Where:
    """The filters of a page in the request of one of its panels."""
    return Where(
        environment=query.get("environment", ""),
        host=query.get("host", ""),
        project=query.get("project", ""),
        machine=query.get("machine", ""),
        from_ns=_seconds_ns(query.get("from", ""), 0),
        to_ns=_seconds_ns(query.get("to", ""), LAST_NS),
    )


def _seconds_ns(text: str, default_ns: int) -> int:
    try:
        ns = float(text) * 1e9
    except ValueError:
        return default_ns
    return int(ns) if 0 <= ns < LAST_NS else default_ns


class Series(NamedTuple):
    """One measured series. `name` is the metric with its attributes."""

    id: int
    name: str
    metric: str
    host: str
    project: str
    environment: str
    machine: str


class Summary(NamedTuple):
    """What the values of some series in a time come to; NaN where there are none."""

    n: int
    sum: float
    min: float
    max: float
    quantiles: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean value."""
        return self.sum / self.n if self.n else math.nan


class Point(NamedTuple):
    """The values of a series in one column of a chart."""

    start_s: int
    n: int
    sum: float
    min: float
    max: float


class Known(Protocol):
    """What the monitor knows, for routes to answer from (`http_routes`). Reading changes nothing.

    Rows are the newest first and have a `cursor`: `before` goes on behind it. A plugin in a process
    of its own asks the index alone: it is told of no health and no plugins, and writes no event.
    """

    def runs(
        self, where: Where = ANYWHERE, *, task: str = "", outcome: str = "", run: str = "",
        before: str = "", limit: int = 100,
    ) -> Sequence[Row]:  # fmt: skip
        """Runs that ended or were lost."""

    def tasks(
        self, where: Where = ANYWHERE, *, task: str = "", outcome: str = "", run: str = "",
        before: str = "", limit: int = 100,
    ) -> Sequence[Row]:  # fmt: skip
        """Tasks of runs; a plain run is its own."""

    def lookups(
        self, where: Where = ANYWHERE, *, task: str = "", run: str = "", before: str = "",
        limit: int = 100,
    ) -> Sequence[Row]:  # fmt: skip
        """Look-ups that no record answered, with their first reason."""

    def events(
        self, where: Where = ANYWHERE, *, types: Sequence[str] = (), run: str = "",
        before: str = "", limit: int = 100,
    ) -> Sequence[Row]:  # fmt: skip
        """Events, their `data` as an object; `types` are beginnings of type names."""

    def events_after(
        self, position: str, where: Where = ANYWHERE, *, types: Sequence[str] = (),
        limit: int = 100,
    ) -> Sequence[Row]:  # fmt: skip
        """Events behind a position of the stream, the oldest first; an empty one is the start."""

    def origins(self) -> Sequence[Row]:
        """Every `environment`, `host`, `project` and `machine` that has told something."""

    def position(self) -> str:
        """Behind the last record that is known; changes with each event and each sample."""

    def series(self, where: Where = ANYWHERE, *, metric: str = "") -> Sequence[Series]:
        """The series of a metric, or of all."""

    def points(self, series: int, span_s: tuple[int, int], width_s: int) -> Sequence[Point]:
        """A series in columns of a width, oldest first, from the roll-ups that fit."""

    def summary(
        self, series: Sequence[int], span_s: tuple[int, int], shares: Sequence[float]
    ) -> Summary:
        """What the values of series come to, with quantiles within 2 %."""

    def blob(self, digest: str) -> bytes | None:
        """What an event names by digest; None where it is kept no longer."""

    def health(self) -> Row:
        """`{"status", "components": […]}`."""

    def plugins(self) -> Sequence[Row]:
        """Every plugin: its status, its hooks, its consumers and how these stand."""

    def token(self, purpose: str) -> str:
        """A token for one purpose alone, derived from the monitor's, which it does not tell.

        It opens nothing by itself. PermissionError for a plugin that is not trusted.
        """

    def emit(self, event: Event) -> Event:
        """Write an event (`fact`); PermissionError for a plugin that is not trusted."""


# ---- what is shown ----------------------------------------------------------------------------


class Panel(NamedTuple):
    """A panel of the dashboard: metrics as a chart, or what a route of the plugin answers.

    The route is asked with the `from`, `to`, `environment`, `host` and `project` of the page:

        line, bar  {"unit": "s", "series": [{"name": "GET /", "times_s": [1.0], "values": [0.2]}],
                    "marks": [{"time_s": 1.0, "text": "version 2"}],
                    "dots": true}    (single values that no line joins)
        number     {"value": 0.2, "unit": "s", "state": "good"}
        table      {"columns": ["Endpoint", {"name": "p95", "unit": "s"}], "rows": [["GET /", 0.2]]}

    A cell of a table is a text, a number, null, or `{"value", "unit", "state", "href"}`. States are
    `good`, `warn` and `bad`; an href is a path of this server. Units: `s`, `By`, `By/s`, `1` (a
    ratio, shown as a share), any other is a number. `"text"` beside them is a sentence above it.
    """

    id: str
    title: str
    kind: Literal["line", "bar", "number", "table"]
    metrics: Sequence[str] = ()
    unit: str = ""
    path: str = ""
    view: str = ""
    """The page in the navigation where it stands, as `API`; empty is the overview."""


class Request(NamedTuple):
    """An HTTP request that passed the guards of the monitor's server."""

    method: str
    path: str
    parameters: Mapping[str, str]
    """Parts of the path that the route left open."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Response(NamedTuple):
    """The answer. An iterator is sent as it comes (from plugins in the host only).

    One that gives `b""` has nothing now and is asked again a little later; it holds up nobody.
    """

    status: int
    body: bytes | Iterator[bytes]
    content_type: str = "application/json"
    headers: Mapping[str, str] = {}  # a default that nobody changes


class Route(NamedTuple):
    """A path of the monitor's server: `/api/v1/things/{id}`. The handler may block."""

    method: str
    path: str
    handler: Callable[[Request], Response]
    is_open: bool = False
    """Pages of other sites may ask it, without the monitor's token, with at most 64 kB of any kind:
    the handler checks a token of its own (`Known.token`). The path has no parts left open."""


class ReportSection(Protocol):
    """A section at the end of the report of a run."""

    name: str
    title: str

    def rows(self, events: Sequence[Event]) -> Iterable[tuple[str, str]]:
        """Label and text for each line, from the events of the run; none: no section."""


class HealthState(NamedTuple):
    """How a component is: `output` says why in words, `observed` is the value looked at."""

    status: Literal["pass", "warn", "fail"]
    output: str = ""
    observed: float | None = None


class HealthCheck(Protocol):
    """Says how a component is, each `interval_s`."""

    name: str
    interval_s: float

    def check(self, now_ns: int) -> HealthState:
        """Look now, within two seconds."""


# ---- commands ----------------------------------------------------------------------------------


class Table(NamedTuple):
    """A table of a settings file, and where its keys stand."""

    table: Mapping[str, Any]  # Any: as in TOML
    shown: str
    """The file as messages call it."""
    line_of: Callable[[tuple[str, ...]], int]
    """Line of a key by its path in our part of the file; 0 where that is not known."""


class Running(NamedTuple):
    """A monitor that answers."""

    url: str
    token: str
    pid: int


class Serving(NamedTuple):
    """How a command wants a monitor to run; what is None is as the settings say."""

    host: str | None = None
    port: int | None = None
    token: str | None = None
    ready_file: str | None = None
    idle_s: float | None = None
    """It ends by itself when nobody has asked for anything for so long."""
    ready: Callable[[Running], None] | None = None
    """Called once it answers."""


class Caller(Protocol):
    """What a command of a plugin has as `click.Context.obj`, whether a monitor runs or not."""

    @property
    def project(self) -> str:
        """Identity of the project of the working directory, as events have it."""

    @property
    def machine(self) -> str:
        """Class of this machine, as events have it."""

    def running(self) -> Running | None:
        """The monitor of the state folder, where one answers."""

    def serve(self, serving: Serving) -> int:
        """Run a monitor in this process until it is told to end; the exit status."""

    def catch_up(self, plugin: str) -> None:
        """Have the plugin's consumers take all that has happened; raises BuildoptError."""

    def settings(self, name: str) -> Table:
        """The table of that name in the settings of the working directory; empty for none."""

    def read_settings(self, path: str, name: str) -> Table:
        """The same of one file; raises SettingsError for one that cannot be read."""

    def read(
        self, consumer: str, sql: str, parameters: Sequence[Any] = ()
    ) -> Sequence[tuple[Any, ...]]:
        """Rows of a consumer's own tables; none where it never ran."""

    def emit(self, event: Event) -> Event:
        """Write an event (`fact`); consumers get it by `catch_up`, or when a monitor runs."""


# ---- the hooks --------------------------------------------------------------------------------


@hookspec
def configure(options: Mapping[str, Any]) -> None:  # Any: as in TOML
    """Called first, with the table `[plugins.NAME]` of the settings; NAME is the entry point's."""


@hookspec
def consumers(
    alert_rules: Sequence[Mapping[str, Any]],  # Any: as in TOML
    detectors: Sequence[Detector],
) -> Iterable[Consumer]:
    """Who takes events. The arguments are what all plugins contribute, for whom it serves."""
    return ()


@hookspec
def workers() -> Iterable[Worker]:
    """Who has effects on the outside. A plugin that is not trusted has none."""
    return ()


@hookspec
def metric_sources() -> Iterable[MetricSource]:
    """What is measured."""
    return ()


@hookspec
def detectors() -> Iterable[Detector]:
    """Who judges series."""
    return ()


@hookspec
def alert_rules() -> Iterable[Mapping[str, Any]]:  # Any: as in TOML
    """Rules as tables, each with its `id`, as `[alert.rules.ID]` of the settings holds them."""
    return ()


@hookspec
def notification_channels() -> Iterable[NotificationChannel]:
    """Ways to tell people."""
    return ()


@hookspec
def dashboard_panels() -> Iterable[Panel]:
    """Panels of the dashboard."""
    return ()


@hookspec
def http_routes(dashboard_panels: Sequence[Panel], known: Known) -> Iterable[Route]:
    """Paths of the monitor's server; the panels are what all plugins contribute.

    Pages find what all pages have in `/assets/tokens.css` and `/assets/page.css`.
    """
    return ()


@hookspec
def report_sections() -> Iterable[ReportSection]:
    """Sections of a run's report."""
    return ()


@hookspec
def health_checks() -> Iterable[HealthCheck]:
    """Components whose health is told."""
    return ()
