"""The page as the server makes it: whole without scripts, harmless whatever it is told."""

import re
import time

import pytest

from buildopt.events import CacheLookup
from buildopt.monitor.hookspecs import Panel
from monitor_plugins.dashboard import page
from monitor_plugins.dashboard.drawing import measured
from monitor_plugins.dashboard.shapes.runs import Process
from monitor_plugins.dashboard.waterfall import of_processes
from tests.unit.dashboard.conftest import NS, PROCESSES, ask, serving

PATHS = (
    "/", "/builds", "/cache", "/bundles", "/system", "/alerts", "/findings", "/plugins",
    "/runs/run-3", "/runs/run-hostile", "/compare?a=run-2&b=run-3", "/findings/ab12",
    "/builds?task=web", "/bundles?output=dist&run=run-3&against=run-3",
)  # fmt: skip


@pytest.fixture(params=["built", "without scripts"])
def pages(request, server, monkeypatch):
    has_scripts = request.param == "built"
    found = dict(page.assets())
    found.pop("dashboard.js", None)
    if has_scripts:
        found["dashboard.js"] = b"// made"
    monkeypatch.setattr(page, "assets", lambda: found)
    return server, has_scripts


@pytest.mark.parametrize("path", PATHS)
def test_each_view_stands_by_itself(pages, path):
    server, has_scripts = pages
    answer = ask(server, path)
    text = answer.body.decode()

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert text.count("<h1>") == 1
    assert ("were not built" in text) is not has_scripts
    assert ("/dashboard/dashboard.js" in text) is has_scripts


@pytest.mark.parametrize("path", PATHS)
def test_nothing_that_was_told_becomes_markup_or_hides(server, path):
    text = ask(server, path).body.decode()

    assert "alert(1)</script>" not in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", text)
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:", text)
    outside = re.findall(r'(?:src|href|action)="(?!/|#|\?)([^"]*)"', text)
    assert outside == []


def test_a_chart_without_scripts_is_a_picture_with_its_table(server):
    text = ask(server, "/system?range=15m").body.decode()

    figure = re.search(r'<figure class="chart" id="chart-system-cpu.*?</figure>', text, re.S)[0]
    assert '<path class="l1" d="M' in figure
    assert "data-v=" in figure
    assert "<summary>Table</summary>" in figure


def test_filters_and_time_stand_in_every_link(server):
    text = ask(server, "/?range=6h&environment=ci").body.decode()

    links = re.findall(r'href="(/(?:builds|cache|system)[^"]*)"', text)
    assert links
    assert all("range=6h&amp;environment=ci" in link for link in links)


def test_what_cannot_be_shown_is_a_page_for_people(server):
    answer = ask(server, "/runs/none", accept="text/html")

    assert answer.status == 404
    assert b"no run of that id" in answer.body
    assert ask(server, "/?range=2y", accept="text/html").status == 400


def test_each_run_has_its_reason_however_many_steps_others_had(place):
    now_ns = time.time_ns()
    place.build("first", at_ns=now_ns - 40 * NS)
    journal = place.journal("workspace")
    for number in range(600):
        lookup = CacheLookup(task=f"step {number}", result="miss")
        journal.append(lookup, now_ns=now_ns - 30 * NS + number)
    place.build("workspace", at_ns=now_ns)
    place.catch_up()
    server = serving(place)
    try:
        rows = ask(server, "/builds").body.decode().split("<tr data-run=")
    finally:
        server.stop()

    assert ["src/App.tsx" in row for row in rows[1:]][-1]


def test_a_run_that_failed_says_what_its_output_said_and_of_which_commit(place):
    more = {"branch": "main", "commit": "0123456789abcdef"}
    place.build("bad", exit_code=2, error="a.ts(1,2): error <b>TS1</b>\x1b[31m", **more)
    place.build("good", **more)
    place.catch_up()
    server = serving(place)
    try:
        bad, good, both = (
            ask(server, path).body.decode()
            for path in ("/runs/bad", "/runs/good", "/compare?a=bad&b=good")
        )
    finally:
        server.stop()

    said = "a.ts(1,2): error &lt;b&gt;TS1&lt;/b&gt;\\x1b[31m"
    assert said in bad.partition("<dl")[0]
    assert said not in good
    assert "main @ <code>0123456789</code>" in good
    assert both.count("<code>src/App.tsx</code> changed") == 2
    assert both.count("main @ <code>0123456789</code>") == 2
    assert both.count("✕ failed") == 3  # the run and both of its steps


def test_care_that_is_over_is_offered_again_and_times_of_other_days_have_their_date(place):
    now_s = time.time()
    yesterday_s = now_s - 86_400
    journal = place.journal()
    for incident, until_s in (("over", now_s - 60), ("held", now_s + 5 * 86_400)):
        fired = {"incident": incident, "rule": "cpu", "since": yesterday_s - 86_400}
        journal.emit("buildopt.alert.fired", fired, now_ns=int((yesterday_s - 86_400) * NS))
        taken = {"incident": incident, "by": "me", "until": until_s}
        journal.emit("buildopt.alert.acknowledged", taken, now_ns=int(yesterday_s * NS))
    place.catch_up()
    server = serving(place)
    try:
        text = ask(server, "/alerts").body.decode()
    finally:
        server.stop()

    over, held = (text.partition(f'data-incident="{name}"')[2] for name in ("over", "held"))
    assert 'data-ack="over"' in over
    assert f"me until {page.moment(now_s + 5 * 86_400)[:16]}" in held
    assert f"{page.moment(yesterday_s)[:16]} acknowledged" in held


def test_times_that_no_calendar_has_are_its_last(place):
    for since in (1e15, -1e15):
        place.tell("buildopt.alert.fired", {"incident": f"i{since}", "rule": "x", "since": since})
    place.tell("buildopt.alert.silenced", {"id": "s", "match": {}, "until": 9e15})
    place.catch_up()
    server = serving(place)
    try:
        answer = ask(server, "/alerts")
    finally:
        server.stop()

    assert answer.status == 200
    assert b"9999-12-31" in answer.body


def test_a_name_without_end_is_cut(place):
    place.build("long", task="x" * 20_000)
    place.catch_up()
    server = serving(place)
    try:
        answer = ask(server, "/builds")
    finally:
        server.stop()

    assert len(answer.body) < 40_000


def test_an_alert_shows_what_was_measured_and_nothing_where_that_is_a_count_of_events(place):
    for number, context in enumerate(
        ({"exit_code": 1}, {"before": 14.0, "after": 18.1, "unit": "s"}, {"after": "later"})
    ):
        place.tell("buildopt.alert.fired", {
            "incident": f"alert-{number}", "rule": "r", "title": "worse", "value": 1.0,
            "threshold": 0.0, "context": context,
        })  # fmt: skip
    place.tell("buildopt.alert.fired", {
        "incident": "alert-9", "rule": "memory", "title": "worse", "value": 0.934,
        "threshold": 0.9, "unit": "%",
    })  # fmt: skip
    place.catch_up()
    server = serving(place)
    try:
        page = ask(server, "/alerts").body.decode()
        told = ask(server, "/api/v1/alerts").json["items"]
    finally:
        server.stop()

    cells = re.findall(r'data-incident="alert-(.)".*?data-label="value">(.*?)</td>', page, re.S)
    assert dict(cells) == {"0": "", "1": "18.1 s", "2": "1", "9": "93.4 %"}
    assert {one["incident"]: one["value"] for one in told}["alert-1"] == 18.1


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1_234.0, "req", "1,234 req"), (999.9, "", "1,000"), (-1_234.0, "", "-1,234"),
        (0.934, "%", "93.4 %"), (501_000.0, "By", "501 kB"), (12.0, "", "12"),
    ],
)  # fmt: skip
def test_a_value_has_its_unit_and_no_exponent(value, unit, shown):
    assert measured(value, unit) == shown


def test_long_lists_of_alerts_and_findings_come_in_pages(place):
    for number in range(60):
        place.tell("buildopt.alert.fired", {
            "incident": f"alert-{number}", "rule": "regression", "title": "worse", "value": 1.0,
            "labels": {"finding": f"finding-{number}", "name": f"build of {number}"},
        })  # fmt: skip
        place.tell("buildopt.baseline.confirmed", {"finding": f"finding-{number}"})
    place.catch_up()
    server = serving(place)
    try:
        alerts = ask(server, "/alerts").body.decode()
        older = ask(server, "/alerts?cursor=alert-10").body.decode()
        findings = ask(server, "/findings").body.decode()
        older_findings = ask(server, "/findings?cursor=finding-10").body.decode()
    finally:
        server.stop()

    assert [page.count("<tr") for page in (alerts, older, findings, older_findings)] == [
        1 + 50, 1 + 10, 1 + 50, 1 + 10,
    ]  # fmt: skip
    assert "▲ 60 alerts open" in alerts
    assert "▲ 60 alerts open" in older
    assert 'href="/alerts?cursor=alert-10"' in alerts
    assert 'href="/findings?cursor=finding-10"' in findings
    assert "cursor" not in older.partition("<main")[2]
    assert '<a href="/findings/finding-59">build of 59</a>: worse' in alerts


TWO = ("system.cpu.utilization", "system.memory.utilization")


def test_panels_of_plugins_stand_on_the_overview_or_on_pages_of_their_own(full):
    panels = (
        Panel("mine", "Processors of mine", "line", ("system.cpu.utilization",), "1"),
        Panel("two", "Both of mine", "line", TWO, "1"),
        Panel("rows", "Rows of mine", "table", path="/api/v1/mine?most=5", view="Front end"),
        Panel("evil", "Rows of others", "table", path="//evil.example/", view="Front end"),
    )
    server = serving(full, panels)
    try:
        overview = ask(server, "/?environment=ci").body.decode()
        everything = ask(server, "/").body.decode()
        page = ask(server, "/panels/front-end?from=100&to=200&environment=ci").body.decode()
        none = ask(server, "/panels/back-end")
        listed = ask(server, "/api/v1/panels").json["items"]
    finally:
        server.stop()

    assert "Processors of mine" in overview
    assert "Rows of mine" not in overview
    assert ['<span class="name">Both of mine<' in everything, *(
        f'<span class="name">{name} utilization<' in everything for name in ("cpu", "memory")
    )] == [False, True, True]  # fmt: skip
    ids = re.findall(r' id="([^"]*)"', everything)
    assert len(ids) == len(set(ids))
    assert '<a href="/panels/front-end?environment=ci">Front end</a>' in overview.replace(
        " aria-current", ""
    )
    path = "/api/v1/mine?environment=ci&amp;from=100&amp;to=200&amp;most=5"
    assert f'data-path="{path}"' in page
    assert "evil.example" not in page
    assert none.status == 404
    assert [panel["view"] for panel in listed] == ["", "", "Front end", "Front end"]


def test_the_critical_path_is_what_ended_last_and_what_ended_before_that_began():
    fall = of_processes([Process(**row) for row in PROCESSES])

    assert [(bar.name, bar.is_critical, bar.depth) for bar in fall.bars] == [
        ("npm run", True, 0), ("tsc", True, 1), ("vite", True, 1),
    ]  # fmt: skip
    assert fall.whole_s == 4.0
    assert fall.gaps_s == 0


def test_what_runs_beside_a_longer_one_is_not_on_the_path_and_a_gap_is_told():
    rows = [(1, 0.0, 1.0), (2, 0.0, 0.5), (3, 2.0, 3.0)]
    processes = [
        Process(pid=n, parent_pid=0, command=[str(n)], start_s=s, end_s=e) for n, s, e in rows
    ]

    fall = of_processes(processes)

    assert {bar.name for bar in fall.bars if bar.is_critical} == {"1", "3"}
    assert [(bar.start_s, bar.duration_s) for bar in fall.bars if bar.is_gap] == [(1.0, 1.0)]


def test_a_browser_keeps_files_until_the_monitor_starts_again(server):
    text = ask(server, "/").body.decode()
    files = re.findall(r'(?:href|src)="(/(?:assets|dashboard)/[^"]*\?v=[^"]*)"', text)
    answers = [ask(server, path) for path in files]

    assert len(files) >= 4
    assert {answer.status for answer in answers} == {200}
    assert all("immutable" in answer.headers["cache-control"] for answer in answers)
    for path in ("/assets/tokens.css", "/dashboard/page.css"):
        assert ask(server, path).headers["cache-control"] == "no-cache"
