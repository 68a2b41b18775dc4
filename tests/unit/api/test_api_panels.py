"""What the page `API` shows of what services told, summed up or not."""

import json

import pytest

from buildopt.monitor.samples import Writer
from monitor_plugins.api.consumer import HOUR, MINUTE, NS
from monitor_plugins.api.requests import COLUMNS, MOST_KEYS, Counts, Served
from tests.unit.api.api_place import Place, row

START_S = 1_794_996_000
"""A full hour."""


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "state")
    yield made
    made.known.close()


def by_name(answer):
    names = [each if isinstance(each, str) else each["name"] for each in answer["columns"]]
    return [
        {
            name: cell["value"] if isinstance(cell, dict) else cell
            for name, cell in zip(names, cells, strict=True)
        }
        for cells in answer["rows"]
    ]


def test_endpoints_are_listed_with_their_times_and_failures_before_anything_is_summed_up(place):
    for second in range(10):
        place.serve(
            START_S + second, row(0.1, 90), row(3.0, 10), row(0.05, 5, route="/b", status=503),
            row(0.05, 5, route="/b"),
        )  # fmt: skip
    place.evaluate()

    status, answer = place.ask("endpoints", **{"from": START_S, "to": START_S + 100})

    assert status == 200
    first, second = by_name(answer)
    assert (first["Endpoint"], first["Requests"], first["A second"]) == ("GET /a", 1_000, 10.0)
    assert first["p50"] == pytest.approx(0.1, rel=0.05)
    assert first["p95"] == pytest.approx(3.0, rel=0.05)
    assert first["Failed"] == 0
    assert (second["Endpoint"], second["Requests"], second["Failed"]) == ("GET /b", 100, 0.5)
    assert [cells[4]["state"] for cells in answer["rows"]] == ["bad", ""]
    assert [cells[-1]["state"] for cells in answer["rows"]] == ["", "bad"]
    assert answer["text"].startswith("1,100 requests of 2 endpoints")


def test_what_was_summed_up_counts_once_beside_what_was_not(place):
    for second in range(0, 3 * 3_600 + 100, 50):
        place.serve(START_S + second, row(0.1, 3))
    place.evaluate()
    minutes, hours = (len(place.known.events(types=(kind,), limit=500)) for kind in (MINUTE, HOUR))
    assert minutes in (180, 181) and hours in (3, 4)  # the last ones end by the clock

    all_of_it = {"from": START_S - 1, "to": START_S + 20 * 3_600}
    short = {"from": START_S - 1, "to": START_S + 4 * 3_600}

    for span in (all_of_it, short):
        (only,) = by_name(place.ask("endpoints", **span)[1])
        assert only["Requests"] == 3 * (3 * 3_600 + 100) // 50


def test_the_filters_of_the_page_hold_for_what_was_summed_up_too(place):
    for second in range(0, 200, 20):
        place.serve(START_S + second, row(0.1, 2))
        place.serve(START_S + second, row(0.1, 1, route="/x"), service="till", environment="ci")
    place.evaluate()
    span = {"from": START_S, "to": START_S + 500}

    assert {r["Service"] for r in by_name(place.ask("endpoints", **span)[1])} == {"shop", "till"}
    for asked in ({"environment": "ci"}, {"project": "till"}):
        (only,) = by_name(place.ask("endpoints", **span, **asked)[1])
        assert (only["Endpoint"], only["Requests"]) == ("GET /x", 10)
    assert by_name(place.ask("endpoints", **span, host="elsewhere")[1]) == []


def test_charts_say_what_each_minute_was_like(place):
    for second in range(0, 180, 2):
        is_slow = second >= 120
        place.serve(START_S + second, row(4.0 if is_slow else 0.1, 8),
                    row(0.1, 2, status=500 if is_slow else 200))  # fmt: skip
    place.evaluate()
    span = {"from": START_S, "to": START_S + 180}

    (response,) = place.ask("response", **span)[1]["series"]
    (errors,) = place.ask("errors", **span)[1]["series"]
    (throughput,) = place.ask("throughput", **span)[1]["series"]

    assert response["times_s"] == [START_S, START_S + 60, START_S + 120]
    assert response["values"] == pytest.approx([0.1, 0.1, 4.0], rel=0.05)
    assert errors["values"] == [0, 0, 0.2]
    assert throughput["values"] == pytest.approx([5, 5, 5], rel=0.05)
    assert response["name"] == "GET /a" and errors["name"] == "shop"


def test_cache_and_pool_are_lines_of_each_service(place):
    writer = Writer(place.folder)
    for second in range(0, 120, 10):
        measured = {
            "buildopt.app.pool.used{service.name=shop}": 3,
            "buildopt.app.pool.limit{service.name=shop}": 9,
            "buildopt.app.cache.hit_ratio{service.name=shop}": 0.5,
            "buildopt.app.cache.hit_ratio{kind=disk,service.name=till}": 0.25,
        }  # fmt: skip
        writer.append("scrape shop", (START_S + second) * NS, measured)
    place.evaluate()
    span = {"from": START_S, "to": START_S + 120}

    def lines(name, **more):
        series = place.ask(name, **span, **more)[1]["series"]
        return {line["name"]: line["values"] for line in series}

    assert lines("pool") == {"shop used": [3, 3], "shop limit": [9, 9]}
    assert lines("cache") == {"shop hits": [0.5, 0.5], "till disk hits": [0.25, 0.25]}
    assert lines("cache", project="till") == {"till disk hits": [0.25, 0.25]}
    assert lines("wait") == {}


def test_how_many_requests_ran_at_once_is_said_summed_up_or_not(place):
    for second in (0, 30, 200):
        place.serve(START_S + second, row(0.1, 1), most_active_requests=second + 5)
    place.evaluate()

    for to_s, most in ((120, 35), (300, 205)):
        told = place.ask("endpoints", **{"from": START_S, "to": START_S + to_s})[1]["text"]
        assert f"at most {most} at once in a process" in told


def test_a_time_that_makes_no_sense_is_refused(place):
    for query in ({"from": "x"}, {"from": 5, "to": 4}, {"to": "nan"}, {"to": 1e300}):
        status, answer = place.ask("endpoints", **query)
        assert status == 400 and answer["title"]


def test_durations_that_nobody_measured_are_no_zeros(place):
    place.serve(START_S, ["GET", "/a", 200, "", 30, 0, 0, {}])
    place.evaluate()

    (only,) = by_name(place.ask("endpoints", **{"from": START_S, "to": START_S + 60})[1])

    assert (only["Requests"], only["p95"], only["Longest"]) == (30, None, None)
    span = {"from": START_S, "to": START_S + 60}
    assert place.ask("response", **span)[1]["series"][0]["values"] == []


def test_a_service_with_too_many_rows_is_bounded_and_loses_none():
    served = Served()
    rows = [row(0.1, 1, route=f"/r{n}") for n in range(MOST_KEYS + 50)]
    served.add({"scale": 3, "columns": COLUMNS, "requests": rows})

    assert len(served.counts) <= MOST_KEYS + 1
    assert served.total().count == MOST_KEYS + 50


@pytest.mark.parametrize("damage", [
    {}, {"columns": 7, "requests": []}, {"columns": COLUMNS, "requests": {"a": 1}},
    {"scale": 3, "columns": COLUMNS, "requests": [[1, 2], None, [None] * 8, "abcdefgh"]},
    {"scale": 3, "columns": COLUMNS, "requests": [["G", "/", 200, "", -4, 0, 0, {"1": 4}]]},
    {"scale": 3, "columns": COLUMNS, "requests": [["G", "/", "x", "", 4, 0, 0, {"1": 4}]]},
])  # fmt: skip
def test_rows_of_another_form_are_left_out(damage):
    served = Served()
    served.add(damage)

    assert served.counts == {}


def test_finer_histograms_are_brought_to_ours_and_coarser_ones_left_out():
    for scale, buckets in ((3, {5: 7}), (5, {5: 7}), (2, {})):
        served = Served()
        told = ["G", "/", 200, "", 7, 1.0, 9.0, {"5" if scale == 3 else "23": 7}]
        served.add({"scale": scale, "columns": COLUMNS, "requests": [told]})
        assert served.total().buckets == buckets


def test_quantiles_of_nothing_are_none_and_never_beyond_the_longest():
    assert Counts().quantile_s(0.95) is None
    counts = Counts(count=1, max_s=1.0, buckets={0: 1})
    assert counts.quantile_s(0.95) == 1.0


def test_an_event_keeps_its_plain_form():
    served = Served()
    served.add({"scale": 3, "columns": COLUMNS, "requests": [row(0.1, 2)]})

    assert json.loads(json.dumps(served.rows())) == [row(0.1, 2)]
