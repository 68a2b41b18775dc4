"""What charts of builds, findings and outputs say: usual ranges, levels, what changed."""

import itertools
import time

import pytest

from buildopt.events import RunFinished
from buildopt.monitor.hookspecs import Request
from monitor_plugins.dashboard import charted, finding_series, findings, overview, trends, views
from monitor_plugins.dashboard.bundles import Part, beside, without_hash
from monitor_plugins.dashboard.drawing import Chart
from monitor_plugins.dashboard.ranges import shown
from monitor_plugins.dashboard.shapes.runs import Run
from tests.unit.dashboard.conftest import NS, ask, serving


def run_of(number, took_s, **more):
    facts = {"run": str(number), "task": "web", "outcome": "executed", "exit_code": 0}
    return Run(**{**facts, "time_s": float(number), "duration_s": took_s, **more})


def run_that(**more):
    facts = {"command": ("make",), "directory": ".", "outcome": "executed", "exit_code": 0}
    return RunFinished(**{**facts, **more})


def asked():
    return shown(Request("GET", "/builds", {}, {}, {}, b""))


def test_the_usual_range_of_a_run_is_that_of_the_runs_before_it():
    ranges = list(trends.usual([1.0, 2.0, 3.0, 4.0, 5.0, 99.0, 1.0]))

    assert ranges[:5] == [(None, None)] * 5
    assert ranges[5] == (3.0, 5.0)
    assert ranges[6][1] == 99.0


def test_a_trend_of_one_task_has_a_range_and_leaves_out_what_failed_or_was_answered():
    newest_first = [
        run_of(9, 9.0, exit_code=1), run_of(8, 0.1, outcome="fresh"),
        *(run_of(n, 2.0) for n in range(7, 0, -1)),
    ]  # fmt: skip

    chart = trends.of_durations(asked(), newest_first, (), "web")

    assert [row[0] for _, row in chart.rows] == [2.0] * 7
    assert chart.rows[-1][1] == [2.0, 2.0, 2.0]
    assert chart.kinds == ("dots", "line", "high")
    assert trends.of_durations(asked(), newest_first[:2], (), "web") is None


def test_a_trend_of_all_tasks_has_a_colour_for_each_and_one_for_the_rest():
    runs = [run_of(n, float(n + 1), task=f"task-{min(n, 7)}") for n in range(20)]

    chart = trends.of_durations(asked(), runs, (), "")

    assert len(chart.names) == 6
    assert chart.names[-1] == trends.OTHERS
    assert all(sum(value is not None for value in row) == 1 for _, row in chart.rows)


def test_a_task_that_several_projects_have_has_a_colour_for_each_of_them():
    runs = [run_of(n, 2.0 + n % 2, project=("mill", "shop")[n % 2]) for n in range(12)]

    chart = trends.of_durations(asked(), runs, (), "web")

    assert set(chart.names) == {"mill", "shop"}
    assert {row[chart.names.index("mill")] for _, row in chart.rows} == {2.0, None}


def test_a_trend_goes_back_as_far_as_the_time_however_many_hits_there_were(place, monkeypatch):
    monkeypatch.setattr(views, "MOST_RUNS", 5)
    now_ns = time.time_ns()
    for number in range(4):
        place.build(f"ran-{number}", at_ns=now_ns - (3_600 - number) * NS)
    for number in range(5):
        done = run_that(run_id=f"hit-{number}", task="web", outcome="fresh")
        place.journal(done.run_id).append(done, now_ns=now_ns - (60 - number) * NS)
    place.catch_up()
    server = serving(place)
    try:
        pages = [ask(server, f"/builds?range=6h{more}").body.decode() for more in ("", "&task=web")]
    finally:
        server.stop()

    assert [page.count("data-t=") for page in pages] == [4, 4]


def test_runs_lead_to_those_of_their_own_project(place):
    for name in ("mill", "shop"):
        place.project(name, run_id=name).append(run_that(run_id=name, task="make"))
    place.catch_up()
    server = serving(place)
    try:
        run = ask(server, "/runs/mill").body.decode()
    finally:
        server.stop()

    assert 'href="/builds?project=mill&amp;task=make"' in run


@pytest.mark.parametrize(
    ("range_", "title", "width_s"),
    [("1h", "Runs each 5 min", 300), ("6h", "Runs each 30 min", 1_800),
     ("24h", "Runs an hour", 3_600), ("30d", "Runs a day", 86_400)],
)  # fmt: skip
def test_bars_have_every_run_of_the_time_and_end_with_it(place, range_, title, width_s):
    now_ns = time.time_ns()
    for number in range(4):
        place.build(f"run-{number}", at_ns=now_ns - number * 19 * 60 * NS)
    place.catch_up()
    request = Request("GET", "/", {}, {"range": range_}, {}, b"")
    here = shown(request)

    runs, hits, _ = charted.of_hours(here, overview.happened(place.known, here.asked))

    assert (runs.title, runs.width_s) == (title, width_s)
    assert sum(row[0] for _, row in runs.rows) == 4
    assert {later - one for (one, _), (later, _) in itertools.pairwise(runs.rows)} <= {width_s}
    assert runs.span_s[0] <= runs.rows[0][0] <= here.asked.span_s[0]
    assert {row[0] for _, row in hits.rows} == {0.0, None}


def test_an_area_stands_between_its_edges():
    chart = Chart(
        id="c", title="c", unit="count", names=["v", "low", "high"], span_s=(0, 10),
        rows=[(0, [2, 1, 4]), (10, [2, 1, 4])], kind="dots", kinds=("dots", "low", "high"), top=4.0,
    )  # fmt: skip

    values, low, high = chart.drawn

    assert values.dots == [(0.0, 60.0), (600.0, 60.0)]
    assert (low.path, low.area) == ("", "")
    assert high.area == "M0.0 0.0L600.0 0.0L600.0 90.0L0.0 90.0Z"


@pytest.fixture
def slower(place):
    """Six builds, a change, six slower ones; a failure and a hit between."""
    now_ns = time.time_ns()
    for number in range(12):
        took_s = 2.0 if number < 6 else 3.0
        place.build(
            f"run-{number}", at_ns=now_ns - (60 - number) * NS, duration_s=took_s, project="shop"
        )
    place.build("failed", at_ns=now_ns - 20 * NS, exit_code=1, duration_s=9.0)
    place.build("hit", at_ns=now_ns - 10 * NS, outcome="fresh", duration_s=0.01)
    place.tell("buildopt.baseline.confirmed", {
        "finding": "f1", "name": "web duration", "direction": "worse", "before": 2.0, "after": 3.0,
        "effect": 0.5, "unit": "s", "project": "shop", "task": "web", "metric": "duration",
        "cache": "cold", "machine": "linux-x86_64-2", "series": "s1", "smallest_change": 0.1,
        "since_run": "run-6", "since_ns": now_ns - 54 * NS,
    })  # fmt: skip
    place.catch_up()
    return place


def test_the_series_of_a_finding_has_its_values_its_levels_and_its_noise_floor(slower):
    rows = slower.known.events(types=findings.PREFIXES, limit=10)
    (change,) = findings.changes_of(rows)

    chart = finding_series.of_finding(slower.known, change)

    values = [row for _, row in chart.rows if row[0] is not None]
    assert [row[0] for row in values] == [2.0] * 6 + [3.0] * 6
    assert values[0][1:] == pytest.approx([2.0, 1.8, 2.2])
    assert values[-1][1:] == pytest.approx([3.0, 2.7, 3.3])
    assert [mark.text for mark in chart.marks] == ["worse by +50 %"]
    assert [row[1] for _, row in chart.rows][5:8] == [2.0, 2.0, 3.0]


def test_a_finding_has_a_page_with_its_chart_and_the_list_leads_there(slower):
    server = serving(slower)
    try:
        page = ask(server, "/findings/f1").body.decode()
        listed = ask(server, "/findings").body.decode()
        none = ask(server, "/findings/f2")
    finally:
        server.stop()

    assert 'id="chart-finding-f1"' in page
    assert "2 s before, 3 s since" in page
    assert 'href="/findings/f1"' in listed
    assert none.status == 404


def test_a_finding_of_another_plugin_says_how_it_is_accepted_and_nothing_of_baselines(slower):
    found = {"name": "LCP p75 of /", "direction": "worse", "before": 1.1, "after": 1.5, "unit": "s",
             "cause": {"text": "since the build of Monday"}}  # fmt: skip
    slower.tell("buildopt.finding.confirmed", {**found, "finding": "w1", "accept_by": "vitals"})
    slower.tell("buildopt.finding.confirmed", {**found, "finding": "w2", "accept_by": "x; rm"})
    slower.catch_up()
    server = serving(slower)
    try:
        page, hostile = (ask(server, f"/findings/{id_}").body.decode() for id_ in ("w1", "w2"))
    finally:
        server.stop()

    assert "buildopt vitals accept w1" in page
    assert "Since the build of Monday." in page
    assert "baseline" not in page.partition("<h1>")[2]
    assert "accept" not in hostile.partition("<h1>")[2]


def test_a_finding_whose_values_are_nowhere_has_no_chart(slower):
    rows = slower.known.events(types=findings.PREFIXES, limit=10)
    (change,) = findings.changes_of(rows)
    change.metric, change.task = "system.cpu.utilization", ""

    assert finding_series.of_finding(slower.known, change) is None


def test_parts_of_two_builds_stand_side_by_side_whatever_hash_is_in_their_names():
    before = [Part("app-Bx81kLq2.js", "", 100), Part("old.js", "", 40)]
    after = [Part("app-Zz09pQr7.js", "", 130), Part("new.css", "", 7), Part("same.js", "", 1)]

    found = beside(after, before, is_compared=True)

    assert [(part.name, part.before_bytes, part.size_bytes) for part in found] == [
        ("old.js", 40, None), ("app-Zz09pQr7.js", 100, 130), ("new.css", None, 7),
        ("same.js", None, 1),
    ]  # fmt: skip
    assert without_hash("src/main.js") == "src/main.js"


def test_two_builds_of_an_output_are_compared(place):
    for number, size in enumerate((900, 1_200)):
        place.tell("buildopt.bundle.analyzed", {
            "kind": "bundle", "output": "dist", "totals": {"raw": size, "gzip": 300},
            "packages": [{"name": "left-pad", "versions": ["1"], "bytes": size - 400}],
        }, run=f"build-{number}")  # fmt: skip
    place.catch_up()
    server = serving(place)
    try:
        page = ask(server, "/bundles?run=build-1&against=build-0").body.decode()
        unknown = ask(server, "/bundles?run=build-7")
    finally:
        server.stop()

    assert "+300 B, +33.3 % since the build of" in page
    assert "+300 B, +60 %" in page
    assert unknown.status == 404


def test_packages_are_not_new_where_the_other_build_told_of_none(place):
    packages = [{"name": "left-pad", "versions": ["1"], "bytes": 500}]
    for run, more in (("without", {"findings": {"no-map": 1}}), ("with", {"packages": packages})):
        data = {"kind": "bundle", "output": "dist", "totals": {"raw": 900}, **more}
        place.tell("buildopt.bundle.analyzed", data, run=run)
    place.catch_up()
    server = serving(place)
    try:
        page = ask(server, "/bundles?run=with&against=without").body.decode()
    finally:
        server.stop()

    table = page.partition('id="packages"')[2].partition("</section>")[0]
    assert "left-pad" in table
    assert "not there" not in table
    assert "Packages are not compared" in page


def test_outputs_of_one_name_are_those_of_their_projects(place):
    for name, size in (("mill", 900), ("shop", 5_000)):
        data = {"kind": "bundle", "output": "dist", "totals": {"raw": size, "gzip": 300}}
        place.project(name, run_id=f"of-{name}").emit("buildopt.bundle.analyzed", data)
    mill = place.project("mill", run_id="of-mill")
    mill.append(run_that(task="web", run_id="of-mill"))
    place.catch_up()
    server = serving(place)
    try:
        newest, mill, by_run, run, unknown = (
            ask(server, path).body.decode()
            for path in (
                "/bundles", "/bundles?output=dist&of=mill", "/bundles?run=of-mill", "/runs/of-mill",
                "/bundles?output=build&project=mill",
            )
        )  # fmt: skip
    finally:
        server.stop()

    assert "dist: 5 kB" in newest
    assert 'href="/bundles?output=dist&amp;of=mill"' in newest
    assert newest.count('aria-current="true">dist') == 1
    assert "dist: 900 B" in mill
    assert "dist: 900 B" in by_run
    assert 'href="/bundles?output=dist&amp;of=mill&amp;run=of-mill"' in run
    assert "No such output is known" in unknown


@pytest.mark.parametrize(
    ("finding", "link"),
    [
        ({"task": "web → dist", "metric": "bundle.raw"},
         'href="/bundles?output=dist&amp;of=shop">The output'),
        ({"task": "web", "metric": "duration"},
         'href="/builds?range=30d&amp;project=shop&amp;task=web">Builds of this task'),
        ({"task": "vite build", "metric": "duration"}, None),
    ],
)  # fmt: skip
def test_a_finding_leads_to_what_it_is_about_and_nowhere_empty(place, finding, link):
    place.build("one")
    place.tell("buildopt.baseline.confirmed", {"finding": "ab", "project": "shop", **finding})
    place.catch_up()
    server = serving(place)
    try:
        page = ask(server, "/findings/ab").body.decode()
    finally:
        server.stop()

    more = page.partition("<h2>More")[2]
    assert (link in more) if link else ("/builds" not in more and "/bundles" not in more)
