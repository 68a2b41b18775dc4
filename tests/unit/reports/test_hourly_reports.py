"""Hourly reports and digests: what is due when, and that it comes once it can."""

import json
import sqlite3

import pytest

from buildopt.errors import SettingsError
from buildopt.events import Event
from buildopt.monitor.hookspecs import Delivery, Request
from monitor_plugins.reports import plugin
from monitor_plugins.reports.consumer import DAY_NS, GRACE_NS, HOUR_NS, ReportsConsumer
from monitor_plugins.reports.files import drop_old, listed, read_page
from monitor_plugins.reports.options import Options, read_options
from monitor_plugins.reports.worker import MOST_TRIES, ReportsWorker

MONDAY_NS = 1_795_392_000_000_000_000
"""2026-11-23T00:00Z, a Monday."""


class State:
    """A consumer's state in memory, with the timers that it asked for."""

    def __init__(self):
        self.rows = sqlite3.connect(":memory:")
        self.values, self.wakes = {}, set()

    def get(self, key, default=None):
        return self.values.get(key, default)

    def set(self, key, value):
        self.values[key] = value

    def execute(self, sql, parameters=()):
        return self.rows.execute(sql, parameters).fetchall()

    def wake_at(self, time_ns):
        self.wakes.add(time_ns)


class Channel:
    name = "mail"

    def __init__(self, *answers):
        self.answers, self.got = list(answers), []

    def send(self, notification):
        self.got.append(notification)
        return Delivery(self.answers.pop(0) if self.answers else "delivered")


class Monitor:
    """Consumer and worker side by side, as the host runs them."""

    def __init__(self, folder, options=None, channel=None):
        options = options or Options()
        self.folder = str(folder)
        self.state, self.consumer = State(), ReportsConsumer(options)
        self.consumer.migrate(self.state)
        self.now_ns = MONDAY_NS
        self.worker = ReportsWorker(options, lambda: self.now_ns)
        self.channels = {"mail": channel or Channel()}
        self.read = self.state.execute
        self.told = []

    def run(self, time_ns, **data):
        known = {"task": "build", "outcome": "executed", "exit_code": 0, "duration_s": 2.0,
                 "command": ["b"], "directory": "/p", "run_id": f"r{time_ns}"}  # fmt: skip
        event = Event(
            id=f"e{time_ns}", time_ns=time_ns, mono_ns=0, type="buildopt.run.finished", source="/h",
            n=1, run=f"r{time_ns}", data={**known, **data},
        )  # fmt: skip
        self.consumer.handle([event], self.state)

    def pass_time(self, until_ns):
        for at_ns in sorted(self.state.wakes):
            if at_ns <= until_ns:
                self.state.wakes.discard(at_ns)
                self.consumer.tick(at_ns, self.state)
        self.now_ns = until_ns
        self.worker.step(self)

    def emit(self, event):
        self.told.append(event)
        self.consumer.handle([event], self.state)

    @property
    def reports(self):
        return [row.title for row in listed(self.folder)]


def test_an_hour_is_reported_when_it_is_over_and_not_before(tmp_path):
    monitor = Monitor(tmp_path)
    monitor.run(MONDAY_NS + 5)
    monitor.run(MONDAY_NS + 6, outcome="fresh", duration_s=0.1, time_saved_s=1.9)

    monitor.pass_time(MONDAY_NS + HOUR_NS)
    before = monitor.reports
    monitor.pass_time(MONDAY_NS + HOUR_NS + GRACE_NS)

    assert before == []
    assert monitor.reports == ["2026-11-23 00:00"]
    data = json.loads(read_page(str(tmp_path), "hour-2026-11-23T00Z.json"))
    assert (data["runs"], data["hits"], data["verdict"]) == (
        2,
        1,
        "2 runs, 50 % answered, ≈ 1.9 s saved",
    )
    assert b"2 runs, 50 % answered" in read_page(str(tmp_path), "index.html")
    assert [event.type for event in monitor.told] == ["buildopt.report.written"]


def test_nothing_is_written_twice_and_a_late_run_has_its_hour_written_again(tmp_path):
    monitor = Monitor(tmp_path)
    monitor.run(MONDAY_NS + 5)
    monitor.pass_time(MONDAY_NS + 2 * HOUR_NS)
    monitor.pass_time(MONDAY_NS + 3 * HOUR_NS)
    once = len(monitor.told)
    monitor.run(MONDAY_NS + 7)
    monitor.pass_time(MONDAY_NS + 4 * HOUR_NS)

    assert once == 1
    assert len(monitor.told) == 2
    assert next(listed(str(tmp_path))).runs == 2


def test_reports_that_are_too_old_go_and_foreign_files_stay(tmp_path):
    monitor = Monitor(tmp_path)
    monitor.run(MONDAY_NS + 5)
    monitor.pass_time(MONDAY_NS + 2 * HOUR_NS)
    (tmp_path / "notes.html").write_text("mine")

    drop_old(str(tmp_path), MONDAY_NS + 31 * DAY_NS, 30)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "notes.html"]


def test_a_daily_digest_goes_out_once_over_the_channels(tmp_path):
    channel = Channel()
    monitor = Monitor(tmp_path, Options(digest="daily", digest_hour=6), channel)
    monitor.run(MONDAY_NS + 5)

    monitor.pass_time(MONDAY_NS + 6 * HOUR_NS)
    monitor.pass_time(MONDAY_NS + 7 * HOUR_NS)

    (message,) = channel.got
    assert message.title == "buildopt, daily digest: 1 run, 0 % answered"
    assert "| `build` | 1 |" in message.text
    (sent,) = [event for event in monitor.told if event.type.endswith("digest_sent")]
    assert sent.data["channels"] == [{"channel": "mail", "status": "delivered", "detail": ""}]


def test_a_day_without_a_run_has_no_digest(tmp_path):
    channel = Channel()
    monitor = Monitor(tmp_path, Options(digest="daily"), channel)
    monitor.run(MONDAY_NS + 5)
    monitor.pass_time(MONDAY_NS + DAY_NS)
    monitor.pass_time(MONDAY_NS + 3 * DAY_NS)

    assert len(channel.got) == 1


def test_a_weekly_digest_ends_on_a_monday(tmp_path):
    monitor = Monitor(tmp_path, Options(digest="weekly", digest_hour=6))
    monitor.run(MONDAY_NS + 2 * DAY_NS)

    assert MONDAY_NS + 7 * DAY_NS + 6 * HOUR_NS in monitor.state.wakes


def test_a_digest_that_failed_is_sent_again_and_given_up_in_the_end(tmp_path):
    channel = Channel("failed", "delivered")
    monitor = Monitor(tmp_path, Options(digest="daily"), channel)
    monitor.run(MONDAY_NS + 5)
    for minute in range(3):
        monitor.pass_time(MONDAY_NS + 7 * HOUR_NS + minute * 60 * 10**9)
    assert len(channel.got) == 2
    assert len({message.key for message in channel.got}) == 1

    channel.answers = ["failed"] * 50
    monitor.run(MONDAY_NS + 20 * HOUR_NS)
    for minute in range(30):
        monitor.pass_time(MONDAY_NS + 31 * HOUR_NS + minute * 60 * 10**9)
    assert len(channel.got) == 2 + MOST_TRIES


def asked(path, name="", worker=None):
    """What a route of the plugin answers, before or after a worker has worked."""
    plugin.configure({})
    (own,) = plugin.workers()
    own.folder = worker.folder if worker else ""
    (route,) = [each for each in plugin.http_routes() if each.path == path]
    parameters = {"name": name} if name else {}
    return route.handler(Request("GET", path, parameters, {}, {}, b""))


def test_the_dashboard_lists_the_hours_with_a_way_to_each(tmp_path):
    monitor = Monitor(tmp_path)
    monitor.run(MONDAY_NS, exit_code=1)
    monitor.pass_time(MONDAY_NS + HOUR_NS + GRACE_NS)

    (panel,) = plugin.dashboard_panels()
    ((time, runs, answered, failed, _),) = json.loads(
        asked(panel.path, worker=monitor).body
    )["rows"]  # fmt: skip
    page = asked("/reports/{name}", time["href"].removeprefix("/reports/"), monitor)

    assert (time["value"], runs, answered) == ("2026-11-23 00:00", 1, 0.0)
    assert failed == {"value": 1, "state": "bad"}
    assert (page.status, page.content_type) == (200, "text/html; charset=utf-8")
    assert b"1 run" in page.body


def test_before_the_first_hour_is_over_the_list_says_so(tmp_path):
    for worker in (None, Monitor(tmp_path)):
        list_page = asked("/reports/{name}", "index.html", worker)

        assert list_page.status == 200
        assert b"No report yet" in list_page.body
        assert asked("/reports/{name}", "hour-2026-11-23T00Z.html", worker).status == 404
    assert asked("/reports").headers["Location"] == "/reports/index.html"


def test_names_of_files_lead_nowhere_else(tmp_path):
    (tmp_path / "secret").write_text("s")

    assert read_page(str(tmp_path), "../secret") is None
    assert read_page(str(tmp_path), "secret") is None
    assert read_page(str(tmp_path), "hour-2026-11-23T00Z.html/../secret") is None


@pytest.mark.parametrize(
    "table",
    [
        {"digest": "hourly"},
        {"digest_hour": 24},
        {"channels": "mail"},
        {"keep_days": True},
        {"x": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(table):
    with pytest.raises(SettingsError):
        read_options(table)
