"""What runs now, and what the machine does: of whatever project is looked at."""

import re
import time

import pytest

from buildopt.events import CacheLookup
from buildopt.model import MissReason
from buildopt.monitor.samples import Writer
from tests.unit.dashboard.conftest import NS, ask, serving

ACTIVE = {"cicd.pipeline.run.active": 2.0, "buildopt.builds.process.count": 7.0}


@pytest.fixture
def busy(place):
    """Two projects build; what ran before them has ended."""
    now_ns = time.time_ns()
    place.build("over", at_ns=now_ns - 60 * NS)
    reasons = (MissReason("file-changed", "src/<b>App.tsx"),)
    for number, name in enumerate(("mill", "shop")):
        journal = place.project(name, run_id=f"of-{name}")
        for task in (f"build {name}", "step"):
            lookup = CacheLookup(task=task, result="miss", miss_reasons=reasons)
            journal.append(lookup, now_ns=now_ns - (20 - number) * NS)
    samples = Writer(place.folder)
    for second in range(3):
        at_ns = now_ns - second * NS
        samples.append("builds", at_ns, ACTIVE)
        samples.append("system", at_ns, {"system.cpu.utilization": 0.5})
    place.catch_up()
    server = serving(place)
    yield server
    server.stop()


def test_builds_that_run_are_named_with_why_they_run(busy):
    page = ask(busy, "/builds").body.decode()
    pool = ask(busy, "/api/performance/pool").json

    running = page.partition('id="running"')[2].partition("</section>")[0]
    assert "2 builds run now: 7 processes" in running
    assert re.findall(r"<b>(.*?)</b>", running) == ["build shop", "build mill"]
    assert "<code>src/&lt;b&gt;App.tsx</code> changed" in running
    assert [(one["run"], one["task"]) for one in pool["builds"]] == [
        ("of-shop", "build shop"), ("of-mill", "build mill"),
    ]  # fmt: skip


def test_a_build_is_told_before_anything_of_it_is_measured(place):
    place.journal("just-now").append(CacheLookup(task="build", result="miss"))
    place.catch_up()
    server = serving(place)
    try:
        before = ask(server, "/builds").body.decode()
        place.build("just-now")
        place.catch_up()
        after = ask(server, "/builds").body.decode()
    finally:
        server.stop()

    assert "1 build runs now</p>" in before
    assert "<b>build</b>" in before
    assert "now" not in after.partition('id="running"')[2].partition("</section>")[0]


def test_only_those_of_a_project_are_shown_where_it_is_asked_for(busy):
    pool = ask(busy, "/api/performance/pool?project=mill").json
    other = ask(busy, "/builds?project=none-of-them").body.decode()

    assert pool["running"] == 1
    assert [one["task"] for one in pool["builds"]] == ["build mill"]
    assert pool["cpu_utilization"] == 0.5
    assert "now:" not in other


def test_the_machine_is_that_of_every_project(busy):
    page = ask(busy, "/system?project=mill").body.decode()

    (address,) = re.findall(r'data-metric="([^"]*system.cpu.utilization[^"]*)"', page)
    assert ask(busy, address.replace("&amp;", "&")).json["series"]


def test_filters_offer_projects_and_not_parts_of_the_monitor(place):
    for name in ("mill", "shop"):
        place.project(name, run_id=name).emit("buildopt.run.finished", {"run_id": name})
    place.monitor("clock").emit("buildopt.clock", {})
    place.monitor("worker-reports/7").emit("buildopt.report.written", {})
    place.catch_up()
    server = serving(place)
    try:
        page = ask(server, "/").body.decode()
        origins = ask(server, "/api/v1/origins").json["items"]
    finally:
        server.stop()

    choice = page.partition('name="project"')[2].partition("</select>")[0]
    assert re.findall(r'value="([^"]+)"', choice) == ["mill", "shop"]
    assert {row["project"] for row in origins} == {"", "mill", "shop"}
