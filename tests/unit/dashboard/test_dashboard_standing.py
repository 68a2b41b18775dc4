"""What is open stands on every page, however long ago it began and whoever told of it."""

import time

import pytest

from tests.unit.dashboard.conftest import NS, ask, serving

DAY_NS = 86_400 * NS


@pytest.fixture
def standing(place):
    """Two projects; the monitor tells of an alert and a finding of one of them, three days ago."""
    now_ns = time.time_ns()
    place.build("of-shop", environment="ci", at_ns=now_ns - 3 * DAY_NS)
    place.project("mill").emit("buildopt.run.finished", {"run_id": "of-mill"}, now_ns=now_ns)
    monitor = place.monitor("alert")
    for kind, data in (
        ("alert.fired", {"incident": "old", "rule": "build-failure", "run": "of-shop",
                         "labels": {"project": "shop", "task": "web"}}),
        ("alert.fired", {"incident": "over", "rule": "cpu", "labels": {}}),
        ("alert.resolved", {"incident": "over", "rule": "cpu", "labels": {}}),
        ("baseline.confirmed", {"finding": "ab", "name": "web", "direction": "worse",
                                "project": "shop", "since_run": "of-shop"}),
    ):  # fmt: skip
        monitor.emit(f"buildopt.{kind}", data, now_ns=now_ns - 3 * DAY_NS)
    place.tell("buildopt.alert.acknowledged", {"incident": "old", "by": "me"})
    place.catch_up()
    server = serving(place)
    yield server
    server.stop()


def named(server, path):
    return [row.get("incident") or row.get("finding") for row in ask(server, path).json["items"]]


def test_what_began_before_the_time_that_is_shown_is_still_open(standing):
    overview = ask(standing, "/?range=1h").body.decode()
    view = ask(standing, "/api/v1/query?view=overview&from=1h").json

    assert "1 alert is open" in overview
    assert "1 alert open" in ask(standing, "/alerts?range=1h").body.decode()
    assert (view["open_alerts"], view["open_findings"]) == (1, 1)
    assert named(standing, "/api/v1/alerts?from=1h") == ["old"]
    assert named(standing, "/api/v1/alerts?from=7d") == ["old", "over"]
    assert named(standing, "/api/v1/changes?from=1h") == ["ab"]


def test_who_took_care_of_an_alert_is_known_whenever_it_was(standing):
    (alert,) = ask(standing, "/api/v1/alerts?from=0&to=now&state=firing").json["items"]

    assert alert["acknowledged_by"] == "me"


@pytest.mark.parametrize(
    ("filters", "is_shown"),
    [
        ("project=shop", True),
        ("project=mill", False),
        ("project=shop&environment=ci", True),
        ("environment=development", False),
        ("host=desk", True),
        ("host=mill-host", False),
    ],
)
def test_filters_ask_for_what_is_told_of_not_for_who_tells(standing, filters, is_shown):
    assert ("old" in named(standing, f"/api/v1/alerts?{filters}")) == is_shown
    assert ("ab" in named(standing, f"/api/v1/changes?{filters}")) == is_shown
    assert ("1 alert is open" in ask(standing, f"/?{filters}").body.decode()) == is_shown
    assert ("1 finding open" in ask(standing, f"/findings?{filters}").body.decode()) == is_shown
