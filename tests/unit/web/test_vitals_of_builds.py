"""A vital that moved with a build is a finding that names the chunk; few views claim nothing."""

import json
from random import Random

import pytest

from buildopt.events import CacheStored, Event, encode
from monitor_plugins.alert.place import Place as Where
from monitor_plugins.alert.rule_reading import read_rule
from monitor_plugins.web.plugin import RULE
from monitor_plugins.web.shifts import LEAST_VIEWS, level_of, p75_of
from tests.unit.web.conftest import Watcher

NS = 10**9


def event(kind, data, n, run=""):
    return Event(
        id=f"{kind}-{n}", time_ns=n * NS, mono_ns=0, type=kind, source="/desk/shop/1", n=n,
        data=data, run=run, environment="development",
    )  # fmt: skip


def built(run, n, **sizes):
    rows = [{"path": f"dist/{name}-{run}AAA1.js", "kind": "file", "bytes": size}
            for name, size in sizes.items()]  # fmt: skip
    return event(CacheStored.type, {"task": "build", "outputs": rows}, n, run)


def views(build, count, level_ms, *, start=0, seed=1, name="lcp", spread=0.15):
    random = Random(seed)
    for number in range(start, start + count):
        value = level_ms * random.lognormvariate(0, spread)
        yield event("buildopt.web_vital", {
            "browser.web_vital.name": name, "browser.web_vital.value": value,
            "browser.web_vital.id": f"{build}-{name}-{number}", "route": "/", "project": "shop",
            "build": build,
        }, number)  # fmt: skip


def findings(said):
    return [(one.type.rpartition(".")[2], one.data["direction"], one.data["build"]) for one in said]


def test_a_slower_page_is_a_finding_that_names_the_chunk_that_grew(watcher):
    watcher.take(built("run1", 1, index=2_000, vendor=100_000), *views("run1", 150, 1_000))

    said = watcher.take(built("run2", 2, index=2_100, vendor=190_000),
                        *views("run2", LEAST_VIEWS, 1_400))  # fmt: skip

    (finding,) = said
    assert finding.type == "buildopt.finding.confirmed"
    assert finding.severity == "warning"
    assert finding.data["name"] == "LCP p75 of /"
    assert finding.data["direction"] == "worse"
    assert finding.data["before"] == pytest.approx(1.1, rel=0.1)
    assert finding.data["after"] == pytest.approx(1.55, rel=0.1)
    assert finding.data["since_run"] == "run2"
    assert finding.data["cause"]["text"] == (
        "since the build of 1970-01-01 00:00:02 UTC, whose chunk `vendor.js` grew 90 kB"
    )


def test_fewer_page_views_than_75_claim_nothing(watcher):
    watcher.take(*views("run1", 150, 1_000))

    assert watcher.take(*views("run2", LEAST_VIEWS - 1, 5_000)) == []


def test_the_build_before_needs_as_many_views_too(watcher):
    watcher.take(*views("run1", LEAST_VIEWS - 1, 1_000))

    assert watcher.take(*views("run2", 150, 5_000)) == []


def test_an_update_of_the_same_view_counts_once(watcher):
    watcher.take(*views("run1", 150, 1_000))

    said = [watcher.take(*views("run2", 40, 5_000)) for _ in range(10)]

    assert said == [[]] * 10


def test_a_build_that_is_back_closes_the_finding(watcher):
    watcher.take(*views("run1", 150, 1_000), *views("run2", 150, 1_500, seed=2))

    said = watcher.take(*views("run3", LEAST_VIEWS, 1_000, seed=3))

    assert findings(said)[0] == ("closed", "worse", "run2")
    assert ("confirmed", "better", "run3") in findings(said)


def test_a_level_that_comes_back_by_itself_closes_the_finding(watcher):
    watcher.take(*views("run1", 150, 1_000), *views("run2", LEAST_VIEWS, 1_500, seed=2))

    said = watcher.take(*views("run2", 225, 900, start=LEAST_VIEWS, seed=3))

    assert findings(said) == [("closed", "worse", "run2")]


def test_a_finding_that_somebody_accepts_is_closed_and_not_told_again(watcher):
    (found,) = watcher.take(*views("run1", 150, 1_000), *views("run2", LEAST_VIEWS, 1_500, seed=2))
    accepted = event("buildopt.web.accepted", {"finding": found.data["finding"]}, 1)
    other = event("buildopt.web.accepted", {"finding": "another"}, 2)

    said = watcher.take(accepted, other, accepted)
    later = watcher.take(*views("run2", 525, 1_500, start=LEAST_VIEWS, seed=3))

    (closed,) = said
    assert (closed.type, closed.data["reason"]) == ("buildopt.finding.closed", "accepted")
    assert later == []


def test_views_of_an_old_page_say_nothing_about_the_new_build(watcher):
    watcher.take(*views("run1", 80, 1_000), *views("run2", 80, 1_000, seed=2))

    assert watcher.take(*views("run1", 300, 9_000, start=80)) == []


def test_noise_is_no_finding(watcher):
    said = []
    for number in range(20):
        said += watcher.take(*views(f"run{number}", 160, 1_000, seed=number, spread=0.4))

    assert said == []


def test_batches_mean_nothing(tmp_path):
    events = [*views("run1", 150, 1_000), *views("run2", 160, 1_500, seed=2)]
    whole, single = Watcher(tmp_path / "a.sqlite"), Watcher(tmp_path / "b.sqlite")

    said = [whole.take(*events), [one for each in events for one in single.take(each)]]

    assert [encode(one) for one in said[0]] == [encode(one) for one in said[1]] != []
    whole.file.close()
    single.file.close()


def test_values_that_are_none_and_pages_without_a_build_are_passed_over(watcher):
    (good,) = views("run1", 1, 1_000)
    for change in (
        {"browser.web_vital.value": "x"},
        {"build": ""},
        {"browser.web_vital.value": None},
    ):
        bad = event("buildopt.web_vital", {**good.data, **change}, 1)
        assert watcher.take(bad) == []

    assert watcher.state.execute("SELECT count(*) FROM view") == [(0,)]


def test_the_p75_is_of_the_nearest_rank_and_lies_in_its_interval():
    level = level_of(range(1, 101))

    assert p75_of([4, 1, 3, 2]) == 3
    assert level.p75 == 75
    assert level.low < 75 < level.high


def test_its_rule_is_one_that_alerts_can_read():
    rule = read_rule("front-end", RULE, place=Where("settings"), path=("alert",))

    assert rule.signal.event == "buildopt.finding."


def test_panels_show_vitals_chunks_and_components_of_the_time_that_is_asked_for(site):
    site.build("run-1", {"dist/assets/index-AAAA1111.js": 900, "dist/assets/list-CCCC3333.js": 300})
    from tests.unit.web.conftest import PAGE

    for number in range(4):
        page = json.loads(json.dumps(PAGE).replace("v6-1", f"v6-{number}"))
        assert site.send(page) == 204
    site.send(PAGE)  # the first view once more

    vitals, chunks = site.panel("vitals"), site.panel("chunks")
    components, later = site.panel("components"), site.panel("vitals", to="5")

    assert vitals["rows"] == [
        ["/orders/{id}", "LCP", {"value": 0.8125, "unit": "s", "state": "good"}, 4, "run-1",
         "fewer than 75 page views: a smoke signal"]
    ]  # fmt: skip
    by_name = {row[0]: row for row in chunks["rows"]}
    assert by_name["list.js"][1:6] == ["on demand", pytest.approx(0.0382), 300, 0.0, 5]
    assert by_name["gone.js"][6] == {"value": 5, "state": "bad"}
    assert components["rows"][0][:2] == ["List", "/orders/{id}"]
    assert later["rows"] == []
    assert site.panel("vitals", project="shop") == vitals
    assert site.panel("vitals", project="other")["rows"] == []
