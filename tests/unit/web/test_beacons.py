"""What a page may send: nothing else comes in, and what is refused is counted."""

import copy
import json
from itertools import count

import pytest

from monitor_plugins.web import limits
from monitor_plugins.web.beacon import Refused, read
from monitor_plugins.web.limits import BURST, PER_SECOND, Allowance, Tally
from monitor_plugins.web.plugin import _tally
from monitor_plugins.web.receiving import MOST_ROUTES
from tests.unit.web.conftest import PAGE


def test_a_beacon_becomes_events_of_its_route(site):
    assert site.send(PAGE) == 204

    (vital,) = site.told("buildopt.web_vital")
    (loaded,) = site.told("buildopt.chunk.loaded")
    (failed,) = site.told("buildopt.chunk.load_failed")
    (rendered,) = site.told("buildopt.component.rendered")
    assert vital["route"] == "/orders/{id}"
    assert vital["browser.web_vital.name"] == "lcp"
    assert vital["browser.web_vital.value"] == 812.5
    assert loaded["chunks"][0]["buildopt.chunk.load.duration"] == pytest.approx(0.0382)
    assert loaded["chunks"][0]["buildopt.chunk.transfer.size"] == 4211
    assert failed["chunks"] == [{"chunk": "gone.js", "file": "gone-DDDD4444.js"}]
    assert rendered["components"] == [{"component": "List", "duration_s": 0.0032}]


def changed(**fields):
    return {**copy.deepcopy(PAGE), **fields}


HOSTILE = {
    "nothing": b"",
    "no JSON": b"\x00\xff{",
    "a list": b"[]",
    "another version": changed(v=2),
    "no page": {name: value for name, value in PAGE.items() if name != "page"},
    "a page without end": changed(page="/" + "a" * 3_000),
    "an unknown vital": changed(vitals=[["XXX", 1, 1, "a", "good", "navigate"]]),
    "a vital below zero": changed(vitals=[["LCP", -1, 0, "a", "good", "navigate"]]),
    "a vital beyond all numbers": json.dumps(PAGE).replace("812.5", "1e999").encode(),
    "a vital that is a text": changed(vitals=[["LCP", "1", 1, "a", "good", "navigate"]]),
    "a row that is too short": changed(vitals=[["LCP", 1]]),
    "a thousand vitals": changed(vitals=PAGE["vitals"] * 1_000),
    "a thousand chunks": changed(chunks=PAGE["chunks"] * 1_000),
    "a chunk of no size": changed(chunks=[["/a.js", 1, 1, None, 1]]),
    "nested without end": b"[" * 60_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused_and_counted(site, name):
    before = _tally.totals["form"]

    assert site.send(HOSTILE[name]) == 400

    assert _tally.totals["form"] == before + 1
    assert site.known.events(limit=10) == []


def test_a_wrong_token_a_large_body_and_another_name_are_refused(site):
    before = _tally.totals["token"]

    refused = [site.send(PAGE, token="wrong"), site.send(PAGE, token="")]
    large = site.send(b" " * 70_000)
    renamed = site.send(PAGE, host="evil.example")

    assert refused == [401, 401]
    assert _tally.totals["token"] == before + 2
    assert (large, renamed) == (413, 403)
    assert site.server.refused == {401: 2, 413: 1, 403: 1}
    assert site.known.events(limit=10) == []


def test_a_flood_is_cut_off_and_counted(site, monkeypatch):
    monkeypatch.setattr(limits, "PER_SECOND", 0.0)
    before = _tally.totals["rate"]
    vital_only = changed(chunks=[], failed=[], measures=[])

    statuses = [site.send(vital_only) for _ in range(int(BURST) + 40)]

    site.catch_up()
    assert statuses == [204] * int(BURST) + [429] * 40
    assert _tally.totals["rate"] == before + 40
    assert len(site.told("buildopt.web_vital")) == BURST


def test_the_allowance_fills_again():
    clock = count(0, 0)
    now = [0.0]
    allowance = Allowance(lambda: now[0] + next(clock))

    first = sum(allowance.take() for _ in range(1_000))
    now[0] += 3.0
    later = sum(allowance.take() for _ in range(1_000))

    assert first == BURST
    assert later == 3 * PER_SECOND


def test_what_was_refused_is_a_metric_since_the_sample_before():
    tally = Tally()
    for what in ("accepted", "rate", "rate", "form"):
        tally.add(what)

    first = {(m.name, *m.attributes.values()): m.value for m in tally.sample(0)}

    assert first == {
        ("buildopt.beacon.operations",): 1,
        ("buildopt.beacon.errors", "rate"): 2,
        ("buildopt.beacon.errors", "form"): 1,
    }
    assert list(tally.sample(0)) == []


def test_ten_thousand_addresses_stay_within_a_hundred_routes(receiver):
    told = set()
    for number in range(10_000):
        beacon = read(json.dumps(changed(page=f"/shop/{number}x/item-{number}")).encode())
        told |= {event.data["route"] for event in receiver.events_of(beacon, number)}

    assert len(told) == MOST_ROUTES + 1
    assert "{other}" in told


def test_what_a_page_says_is_read_strictly_and_fields_of_later_versions_are_left_out():
    beacon = read(json.dumps(changed(later={"a": 1})).encode())

    assert beacon.page == PAGE["page"]
    with pytest.raises(Refused):
        read(json.dumps(changed(measures=[["List", 1e300]])).encode())
