"""Requests that services tell in sums, and what the rules that are there say of them."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from buildopt.integrations.asgi import BuildoptMiddleware
from buildopt.serving.histogram import bucket_of
from buildopt.serving.telling import Teller
from monitor_plugins.alert.inputs import Occurrence
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.presets import PRESETS
from monitor_plugins.alert.rule import Signal
from monitor_plugins.alert.rule_reading import read_rules
from monitor_plugins.alert.served import DURATION, FAILED, HTTP_SERVED, samples_of
from monitor_plugins.alert.simulation import Simulation
from monitor_plugins.alert.stream import line_of
from monitor_plugins.alert.windows import added, aggregate, quantile
from tests.unit.integrations.served_rows import events_in

COLUMNS = [
    "http.request.method", "http.route", "http.response.status_code", "error.type", "count",
    "sum_s", "max_s", "buckets",
]  # fmt: skip


def alerts_of(lines, rules=None):
    """What is told over a stream: kind and rule of each message."""
    made = read_rules(rules or {}, place=Place("t"), presets=PRESETS)
    run = Simulation(rules=made)
    messages = list(run.run(line_of(line) for line in lines))
    return [(entry["kind"], entry["rule"]) for message in messages for entry in message.entries]


def stream(data, *, for_s=120, every_s=2):
    return [{"t": t, "type": HTTP_SERVED, "data": data} for t in range(0, for_s, every_s)]


@pytest.fixture
def told_by(tmp_path):
    """What the middleware around a real application tells of 40 requests at once."""

    def tell(endpoint):
        teller = Teller("shop", environ={"BUILDOPT_STATE_DIR": str(tmp_path / "state")})
        app = Starlette(routes=[Route("/a/{id}", endpoint)])
        app.add_middleware(BuildoptMiddleware, teller=teller)

        async def call(number):
            scope = {
                "type": "http", "method": "GET", "path": f"/a/{number}", "root_path": "",
                "query_string": b"", "headers": [],
            }  # fmt: skip

            async def receive():
                return {"type": "http.request", "body": b""}

            async def send(message):
                pass

            await app(scope, receive, send)

        async def calls():
            await asyncio.gather(*map(call, range(40)), return_exceptions=True)

        asyncio.run(calls())
        teller.stop()
        (event,) = events_in(tmp_path / "state")
        return event.data

    return tell


async def quick(request):
    return PlainTextResponse("x")


async def slow(request):
    await asyncio.sleep(2.2)
    return PlainTextResponse("x")


async def failing(request):
    if int(request.path_params["id"]) % 4 == 0:
        raise OSError("no database")
    return PlainTextResponse("x", status_code=404)


def test_a_quick_api_raises_nothing(told_by):
    assert alerts_of(stream(told_by(quick))) == []


def test_a_slow_api_raises_its_rule_and_no_other(told_by):
    assert alerts_of(stream(told_by(slow))) == [("fired", "api-response")]


def test_a_failing_api_raises_its_rule_and_no_other(told_by):
    assert alerts_of(stream(told_by(failing))) == [("fired", "api-errors")]


def test_what_is_slow_for_a_moment_only_raises_nothing():
    lines = stream(told_by_row(2.5, 40), for_s=10) + [
        {**line, "t": line["t"] + 10} for line in stream(told_by_row(0.01, 900), for_s=200)
    ]

    assert alerts_of(lines) == []


def told_by_row(duration_s, count, status=200, route="/a"):
    buckets = {str(bucket_of(duration_s)): count}
    row = ["GET", route, status, "", count, duration_s * count, duration_s, buckets]
    return {"service.name": "shop", "scale": 3, "columns": COLUMNS, "requests": [row]}


def test_below_twenty_requests_nothing_is_judged():
    few = [{"t": 30 * n, "type": HTTP_SERVED, "data": told_by_row(9.0, 9, 500)} for n in range(20)]

    assert alerts_of(few) == []


def test_a_rule_of_the_settings_sees_routes():
    rule = {
        "signal": {"metric": DURATION, "aggregation": "p95", "window": "60s",
                   "where": "http.route == '/slow'"},
        "levels": {"warning": {"fire": 1.0}}, "for": 0, "min_count": 5,
        "identity": ["http.route"],
    }  # fmt: skip
    data = told_by_row(0.01, 10_000)
    data["requests"].append(told_by_row(1.5, 8, route="/slow")["requests"][0])

    assert alerts_of(stream(data, for_s=10), {"slow-route": rule}) == [("fired", "slow-route")]


def test_a_quantile_of_sums_is_that_of_the_single_requests_within_a_bucket():
    random = Random(4)
    durations_s = [random.lognormvariate(-3, 1.2) for _ in range(20_000)]
    signal = Signal(metric=DURATION, aggregation="p95", window_s=60)
    points = []
    for moment in range(40):
        part = durations_s[moment * 500 : (moment + 1) * 500]
        buckets: dict[str, int] = {}
        for duration_s in part:
            name = str(bucket_of(duration_s))
            buckets[name] = buckets.get(name, 0) + 1
        row = ["GET", "/a", 200, "", 500, sum(part), max(part), buckets]
        data = {"service.name": "s", "scale": 3, "columns": COLUMNS, "requests": [row, row]}
        for sample in samples_of(Occurrence(HTTP_SERVED, data)):
            if sample.metric == DURATION:
                points = added(points, (float(moment), sample.value, sample.weight), signal)

    found = aggregate(points, signal)
    assert found.value == pytest.approx(quantile(sorted(durations_s), 0.95), rel=0.06)
    assert len(points) <= 600


def test_a_share_of_sums_counts_each_request():
    signal = Signal(metric=FAILED, aggregation="share", window_s=60)
    points = []
    for moment, (status, count) in enumerate([(200, 900), (503, 50), (404, 50)]):
        for sample in samples_of(Occurrence(HTTP_SERVED, told_by_row(0.1, count, status))):
            if sample.metric == FAILED:
                points = added(points, (float(moment), sample.value, sample.weight), signal)

    assert aggregate(points, signal) == (0.05, 1_000)


@pytest.mark.parametrize(
    "data",
    [
        {}, {"columns": 1}, {"columns": COLUMNS, "requests": 5},
        {"columns": COLUMNS, "requests": [[1], None, ["GET"] * 8]},
        {"columns": COLUMNS, "scale": -1, "requests": [["", "", 500, "", 9, 0, 0, {"1": 9}]]},
        {"columns": COLUMNS, "requests": [["", "", 500, "", True, 0, 0, {"1": 9}]]},
        {"columns": COLUMNS, "requests": [["", "", 200, "", 9, 0, 0, {"x": 9, "9" * 99: 1}]]},
    ],
)  # fmt: skip
def test_what_has_another_form_is_passed_over(data):
    assert all(sample.metric == FAILED for sample in samples_of(Occurrence(HTTP_SERVED, data)))
