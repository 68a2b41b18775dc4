"""Targets that the settings name, asked over real sockets: values, rates, and every failure."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from buildopt.errors import SettingsError
from monitor_plugins.api import plugin
from monitor_plugins.api.reading import Unreadable
from monitor_plugins.api.scrape import MOST_BYTES, Failed, ScrapeSource, read_target

TEXT = """# HELP hits_total Hits.
# TYPE hits_total counter
hits_total {hits}
# TYPE misses_total counter
misses_total{{kind="cold"}} {cold}
misses_total{{kind="old"}} {old}
# TYPE pool_used gauge
pool_used{{db="main"}} 7
pool_used{{db="log"}} 2
not_a_number NaN
"""


@pytest.fixture
def server():
    """Answers what `answer` says; remembers the headers that came."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            made.seen.append(dict(self.headers))
            made.answer(self)

        def log_message(self, *_):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.seen = []
    made.url = f"http://127.0.0.1:{made.server_address[1]}/metrics"
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def saying(text, status=200, **headers):
    def answer(handler):
        body = text if isinstance(text, bytes) else text.encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


class Clock:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


def source_on(server, metrics, *, environ=None, clock=time.monotonic, **more):
    target = read_target("shop", {"url": server.url, "metrics": metrics, **more})
    return ScrapeSource(target, environ or {}, now_s=clock)


def values(source):
    return {
        (m.name, *(f"{k}={v}" for k, v in sorted(m.attributes.items()) if k != "service.name")):
            m.value
        for m in source.sample(0)
    }  # fmt: skip


def test_prometheus_values_are_taken_by_name_and_by_label(server):
    server.answer = saying(TEXT.format(hits=1, cold=1, old=1))
    source = source_on(
        server,
        {"buildopt.app.pool.used": 'pool_used{db="main"}', "all": "pool_used", "gone": "nothing",
         "strange": "not_a_number"},
    )  # fmt: skip

    assert values(source) == {
        ("buildopt.app.pool.used",): 7, ("all", "db=main"): 7, ("all", "db=log"): 2,
    }  # fmt: skip
    assert all(m.attributes["service.name"] == "shop" for m in source.sample(0))


def test_counters_become_rates_and_a_restart_of_the_application_is_seen(server):
    clock = Clock()
    source = source_on(
        server,
        {"hits": {"rate": "hits_total"},
         "ratio": {"part": "hits_total", "of": ["hits_total", "misses_total"]}},
        clock=clock,
    )  # fmt: skip
    told = []
    for hits, cold, old in ((100, 50, 50), (190, 55, 55), (190, 55, 55), (30, 5, 5)):
        server.answer = saying(TEXT.format(hits=hits, cold=cold, old=old))
        told.append(values(source))
        clock.now_s += 10

    assert told == [
        {},
        {("hits",): 9.0, ("ratio",): 0.9},
        {("hits",): 0.0},
        {("hits",): 3.0, ("ratio",): 0.75},
    ]


def test_one_of_several_series_that_begins_anew_makes_no_wrong_share(server):
    clock = Clock()
    of = {"part": "hits_total", "of": ["hits_total", "misses_total"]}
    source = source_on(server, {"ratio": of}, clock=clock)
    server.answer = saying(TEXT.format(hits=100, cold=1000, old=1000))
    values(source)
    server.answer = saying(TEXT.format(hits=110, cold=1010, old=5))
    clock.now_s += 10

    assert values(source) == {("ratio",): 0.4}


def test_a_gap_between_two_answers_makes_no_wrong_rate(server):
    clock = Clock()
    source = source_on(server, {"hits": {"rate": "hits_total"}}, clock=clock)
    server.answer = saying(TEXT.format(hits=0, cold=0, old=0))
    values(source)
    server.answer = saying("", 503)
    clock.now_s += 10
    with pytest.raises(Failed):
        values(source)
    server.answer = saying(TEXT.format(hits=40, cold=0, old=0))
    clock.now_s += 10

    assert values(source) == {("hits",): 2.0}


def test_json_values_are_taken_by_their_path(server):
    server.answer = saying(json.dumps({
        "cache": {"hits": 9, "misses": 1, "hit_ratio": 0.9}, "pools": [{"used": 3}], "on": True,
        "name": "x", "huge": 10**400,
    }))  # fmt: skip
    source = source_on(
        server,
        {"buildopt.app.cache.hit_ratio": "cache.hit_ratio", "used": "$.pools.0.used", "on": "on",
         "name": "name", "beyond": "pools.7.used", "huge": "huge", "deep": "cache.hits.more"},
        format="json",
    )  # fmt: skip

    assert values(source) == {("buildopt.app.cache.hit_ratio",): 0.9, ("used",): 3}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (saying("no", 500), "500"),
        (saying("", 302, Location="http://example.org/"), "302"),
        (saying(b"x" * (MOST_BYTES + 1)), "longer than 8 MB"),
        (saying("a{ 1\n"), "no text of Prometheus"),
    ],
)
def test_a_target_that_does_not_answer_well_measures_nothing_and_says_why(server, answer, error):
    server.answer = answer
    source = source_on(server, {"a": "a"})

    with pytest.raises((Failed, Unreadable), match=error):
        list(source.sample(0))


def test_a_slow_target_is_given_up_in_time_even_if_it_drips(server):
    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b"a 1\n")
                time.sleep(0.05)
        except OSError:
            pass

    server.answer = drip
    source = source_on(server, {"a": "a"}, timeout_s=0.3)
    began_s = time.monotonic()

    with pytest.raises(Failed, match="too long"):
        list(source.sample(0))
    assert time.monotonic() - began_s < 3


def test_nobody_there_and_no_http_are_said_plainly(server):
    server.answer = lambda handler: handler.wfile.write(b"\x00garbage\n")
    with pytest.raises(Failed):
        list(source_on(server, {"a": "a"}).sample(0))

    server.shutdown()
    server.server_close()
    with pytest.raises(Failed, match="refused"):
        list(source_on(server, {"a": "a"}).sample(0))


def test_the_token_comes_from_a_variable_and_goes_to_the_target_alone(server):
    server.answer = saying("a 1\n")
    source = source_on(server, {"a": "a"}, token_variable="T", environ={"T": "secret"})
    list(source.sample(0))

    assert server.seen[-1]["Authorization"] == "Bearer secret"
    with pytest.raises(Failed, match="`T` is not set"):
        list(source_on(server, {"a": "a"}, token_variable="T").sample(0))


GOOD = {"url": "http://127.0.0.1:1/metrics", "metrics": {"a": "b"}}


@pytest.mark.parametrize(
    "table",
    [
        1, {}, {**GOOD, "url": "file:///etc/passwd"}, {**GOOD, "url": 5}, {**GOOD, "format": "xml"},
        {**GOOD, "interval_s": 0}, {**GOOD, "timeout_s": True}, {**GOOD, "interval_s": "10"},
        {**GOOD, "metrics": {}}, {**GOOD, "metrics": {"a": {"rates": "b"}}},
        {**GOOD, "metrics": {"a": {"part": "b", "of": []}}}, {**GOOD, "metrics": {"a": 'b{c=}'}},
        {**GOOD, "metrics": {"a": ""}}, {**GOOD, "metrics": {f"a{n}": "b" for n in range(201)}},
        {**GOOD, "token_variable": 7}, {**GOOD, "retries": 3},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused_with_their_place(table):
    with pytest.raises(SettingsError) as refused:
        plugin.configure({"scrape": {"shop": table}})

    assert "plugins.api.scrape.shop" in refused.value.message
    plugin.configure({})


def test_each_target_of_the_settings_is_a_source_of_its_own():
    plugin.configure({"scrape": {"shop": GOOD, "till": {**GOOD, "interval_s": 30}}})

    assert [(s.name, s.interval_s) for s in plugin.metric_sources()] == [
        ("scrape shop", 10.0), ("scrape till", 30.0),
    ]  # fmt: skip
    plugin.configure({})
    assert plugin.metric_sources() == []
