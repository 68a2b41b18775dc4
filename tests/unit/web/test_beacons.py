"""What a page may send: nothing else comes in, and what is refused is counted."""

import copy
import json

import pytest

from monitor_plugins.web.beacon import Refused, read
from monitor_plugins.web.limits import ALL, MOST_SHARES, RESERVE, Allowance, Tally
from monitor_plugins.web.limits import PAGE as PAGE_SHARE
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


VITAL_ONLY = changed(chunks=[], failed=[], measures=[])


def test_a_flood_is_cut_off_and_counted(site):
    before = _tally.totals["rate"]

    statuses = [site.send(VITAL_ONLY) for _ in range(int(ALL.at_once) + 40)]

    site.catch_up()
    taken = statuses.count(204)
    assert statuses[:100] == [204] * 100
    assert 429 in statuses
    assert _tally.totals["rate"] == before + len(statuses) - taken
    assert len(site.told("buildopt.web_vital")) == taken


def test_a_page_that_floods_leaves_others_their_turn(site):
    flood = [
        site.send({**VITAL_ONLY, "page": f"/feed?at={n}"}) for n in range(int(ALL.at_once) + 40)
    ]
    same_site = [site.send({**VITAL_ONLY, "page": f"/honest/{n}"}) for n in range(5)]
    other_site = [
        site.send({**VITAL_ONLY, "page": "/feed"}, origin="http://localhost:3000") for _ in range(5)
    ]

    assert 429 in flood
    assert same_site + other_site == [204] * 10


def test_a_site_that_floods_with_ever_new_pages_leaves_other_sites_their_turn(site):
    flood = [site.send({**VITAL_ONLY, "page": f"/page-{n}x"}) for n in range(int(ALL.at_once) + 40)]
    other_site = [site.send(VITAL_ONLY, origin="http://localhost:3000") for _ in range(5)]

    assert 429 in flood
    assert other_site == [204] * 5


def test_what_no_page_sends_takes_nothing_from_the_pages(site):
    refused = [site.send(b"[]") for _ in range(int(ALL.at_once) + 40)]

    assert refused == [400] * len(refused)
    assert site.send(PAGE) == 204


class Clock:
    """Stands still unless it is set."""

    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def allowance(clock):
    return Allowance(clock)


def taken(allowance, site, page, of=1_000):
    return sum(allowance.take(site, page) for _ in range(of))


def test_one_page_takes_all_but_the_reserve_and_its_share_of_that(allowance, clock):
    first = taken(allowance, "a", "/feed")
    clock.now_s = 20.0
    later = taken(allowance, "a", "/feed")

    assert first == ALL.at_once - RESERVE + PAGE_SHARE.at_once
    assert later == 20 * ALL.per_second


def test_shares_of_the_reserve_fill_again_while_others_flood(allowance, clock):
    taken(allowance, "a", "/feed")
    first = taken(allowance, "b", "/")
    clock.now_s = 2.0
    taken(allowance, "a", "/feed")

    assert first == PAGE_SHARE.at_once
    assert taken(allowance, "b", "/") == 2 * PAGE_SHARE.per_second


def test_four_sites_that_flood_for_an_hour_leave_a_fifth_its_turn(allowance, clock):
    refused = 0
    for second in range(0, 3_600, 10):
        clock.now_s = float(second)
        for flood in range(4):
            for page in range(40):
                taken(allowance, f"flood-{flood}", f"/{second}/{page}", of=2)
        refused += not allowance.take("honest", "/")

    assert refused == 0


def test_sites_without_end_are_told_apart_up_to_a_limit(allowance, clock):
    taken(allowance, "a", "/feed")
    for number in range(3 * MOST_SHARES):
        allowance.take(f"site-{number}", "/")

    assert len(allowance._shares) <= MOST_SHARES + 2


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
