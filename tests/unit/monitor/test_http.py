import json
import socket
from contextlib import closing
from http.client import HTTPConnection

import pytest
from prometheus_client.parser import text_string_to_metric_families

from buildopt import loopback
from buildopt.monitor.claims import OWN_PATHS
from buildopt.monitor.exposition import text_of
from buildopt.monitor.guards import MOST_BODY_BYTES, MOST_OPEN_BYTES
from buildopt.monitor.hookspecs import Measurement, Response, Route
from buildopt.monitor.http import Server, Shown, application

TOKEN = "a-token-of-the-test"
JSON = {"content-type": "application/json"}


def echo(request):
    told = {"parameters": request.parameters, "query": request.query, "body": len(request.body)}
    return Response(200, json.dumps(told).encode())


def broken(request):
    raise ValueError("a secret detail")


ROUTES = (
    Route("GET", "/api/v1/things/{id}", echo),
    Route("POST", "/api/v1/things/{id}", echo),
    Route("GET", "/broken", broken),
    Route("POST", "/open", echo, is_open=True),
    Route("GET", "/open", echo),
    Route("GET", "/stream", lambda _: Response(200, iter([b"a\n", b"b\n"]), "text/plain")),
)


def shown(status="pass"):
    return Shown(
        health=lambda: {"status": status, "components": []},
        metrics=lambda: "# TYPE x gauge\nx 1.0\n",
        routes=ROUTES,
    )


@pytest.fixture(scope="module")
def server():
    server = Server("127.0.0.1", 0, TOKEN, shown())
    server.start()
    yield server
    server.stop()


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.body = response.read()


def ask(server, path, method="GET", body=None, *, token=TOKEN, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        headers.setdefault("authorization", f"Bearer {token}")
    with closing(HTTPConnection("127.0.0.1", server.doors.port, timeout=10)) as connection:
        connection.request(method, path, body, headers)
        return Answer(connection.getresponse())


def test_one_word_is_told_without_a_token(server):
    answer = ask(server, "/healthz", token="")

    assert (answer.status, answer.body) == (200, b"pass\n")


def test_what_fails_is_told_by_the_status_too():
    server = Server("127.0.0.1", 0, TOKEN, shown("fail"))
    server.start()
    try:
        answer = ask(server, "/healthz", token="")
    finally:
        server.stop()

    assert (answer.status, answer.body) == (503, b"fail\n")


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/health", "/api/v1/things/1", "/no"])
def test_everything_else_needs_the_token(server, path):
    assert ask(server, path, token="").status == 401
    assert ask(server, path, token="wrong").status == 401
    assert ask(server, path).status in (200, 404)


def test_the_cookie_of_the_exchange_opens_what_the_token_opens(server):
    refused = ask(server, "/enter?token=wrong", token="")
    entered = ask(server, f"/enter?token={TOKEN}", token="")
    cookie = entered.headers["set-cookie"]

    assert refused.status == 401 and "set-cookie" not in refused.headers
    assert entered.status == 303 and entered.headers["location"] == "/"
    assert {"httponly", "samesite=strict"} <= {part.strip().lower() for part in cookie.split(";")}
    assert cookie.startswith(f"buildopt-{server.doors.port}=")
    value = cookie.partition(";")[0]
    assert ask(server, "/api/v1/health", token="", cookie=value).status == 200
    assert ask(server, "/api/v1/health", token="", cookie=value + "x").status == 401


def test_a_token_for_metrics_opens_nothing_else(server):
    token = server.doors.metrics_token

    assert ask(server, "/metrics", token=token).status == 200
    assert ask(server, "/api/v1/health", token=token).status == 401
    assert ask(server, "/metrics", "POST", "{}", token=token, **JSON).status == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "", "[::1"])
def test_a_foreign_name_that_leads_here_is_refused_whatever_it_has(server, host):
    answer = ask(server, "/healthz", host=host.format(port=server.doors.port))

    assert answer.status == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_names_of_this_machine_are_answered(server, host):
    answer = ask(server, "/api/v1/health", host=f"{host}:{server.doors.port}")

    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/healthz", "/api/v1/health"])
def test_a_page_of_another_site_is_refused(server, path, headers):
    assert ask(server, path, **headers).status == 403


def test_a_page_of_ours_is_answered_and_no_other_may_read_it(server):
    own = f"http://127.0.0.1:{server.doors.port}"
    answer = ask(server, "/api/v1/health", origin=own, sec_fetch_site="same-origin")

    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_body_has_to_be_json_and_not_too_large(server):
    def post(body, **headers):
        return ask(server, "/api/v1/things/7", "POST", body, **headers)

    assert post("{}", content_type="text/plain").status == 415
    assert post("{}", **JSON).status == 200
    assert post("{}", content_type="application/json; charset=utf-8").status == 200
    assert post(None, content_length=str(MOST_BODY_BYTES + 1), **JSON).status == 413
    chunks = (b"x" * 100_000 for _ in range(11))
    assert post(chunks, **JSON).status == 413


def test_a_route_of_a_plugin_gets_what_was_asked(server):
    answer = ask(server, "/api/v1/things/7?a=1")

    assert json.loads(answer.body) == {"parameters": {"id": "7"}, "query": {"a": "1"}, "body": 0}
    assert answer.headers["content-type"] == "application/json"
    assert ask(server, "/stream").body == b"a\nb\n"


def test_a_handler_that_raises_is_told_and_nothing_of_its_inside(server):
    answer = ask(server, "/broken")

    assert answer.status == 500
    assert json.loads(answer.body) == {"status": 500, "title": "ValueError in the handler"}
    assert answer.headers["content-type"] == "application/problem+json"
    assert ask(server, "/healthz").status == 200


def test_an_unknown_path_is_a_problem_as_rfc_9457_has_it(server):
    answer = ask(server, "/no")

    assert (answer.status, json.loads(answer.body)["status"]) == (404, 404)


def test_a_client_that_says_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr(loopback, "HEADERS_WITHIN_S", 0.05)
    server = Server("127.0.0.1", 0, TOKEN, shown())
    server.start()
    try:
        with socket.create_connection(("127.0.0.1", server.doors.port), timeout=10) as silent:
            assert silent.recv(1) == b""
        with socket.create_connection(("127.0.0.1", server.doors.port), timeout=10) as slow:
            slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
            assert slow.recv(1) == b""
        assert ask(server, "/healthz").status == 200
    finally:
        server.stop()


def test_a_server_for_other_machines_answers_to_numbers_and_its_own_name():
    server = Server("0.0.0.0", 0, TOKEN, shown())
    server.start()
    port = server.doors.port
    try:
        assert ask(server, "/healthz", host=f"192.0.2.7:{port}").status == 200
        assert ask(server, "/healthz", host=f"{socket.gethostname()}:{port}").status == 200
        assert ask(server, "/healthz", host=f"evil.example:{port}").status == 403
    finally:
        server.stop()


def test_measurements_are_read_by_the_parser_of_prometheus():
    text = text_of(
        [
            Measurement("system.cpu.utilization", 0.25, attributes={"cpu.mode": "user"}),
            Measurement("system.memory.usage", 5e9, "By"),
            Measurement("9.odd-name", float("nan"), attributes={"9": 'a"b\\c\nd', "": "x"}),
            Measurement("system.memory.usage", 6e9, "By"),
        ],
        [Measurement("system.disk.io", 7.0, "By", {"disk.io.direction": "read"})],
    )

    families = {f.name: f for f in text_string_to_metric_families(text)}
    (cpu,) = families["system_cpu_utilization_ratio"].samples
    assert (cpu.labels, cpu.value) == ({"cpu_mode": "user"}, 0.25)
    (memory,) = families["system_memory_usage_bytes"].samples
    assert memory.value == 6e9
    assert families["system_disk_io_bytes"].type == "counter"
    (odd,) = families["_9_odd_name"].samples
    assert odd.labels == {"_9": 'a"b\\c\nd'} and odd.value != odd.value


def test_a_page_of_another_site_reaches_a_route_that_is_open_and_no_other(server):
    elsewhere = {"origin": "https://example.org", "sec_fetch_site": "cross-site", "token": ""}

    answer = ask(server, "/open", "POST", "hello", content_type="text/plain", **elsewhere)
    reading = ask(server, "/open", **elsewhere)
    other = ask(server, "/api/v1/things/1", "POST", "hello", content_type="text/plain", **elsewhere)

    assert (answer.status, json.loads(answer.body)["body"]) == (200, 5)
    assert (reading.status, other.status) == (403, 403)
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_an_open_route_takes_no_large_body_and_no_other_name(server):
    before = server.refused.get(413, 0)

    largest = ask(server, "/open", "POST", b"x" * MOST_OPEN_BYTES, token="")
    larger = ask(server, "/open", "POST", b"x" * (MOST_OPEN_BYTES + 1), token="")
    pieces = ask(server, "/open", "POST", iter([b"x" * 40_000] * 2), token="")
    renamed = ask(server, "/open", "POST", b"x", token="", host="evil.example")

    assert largest.status == 200
    assert (larger.status, pieces.status, renamed.status) == (413, 413, 403)
    assert server.refused[413] == before + 2


def test_no_plugin_claims_what_the_server_answers_by_itself(server):
    own = application(Shown(dict, str), server.doors)

    assert {route.path for route in own.routes} == {*OWN_PATHS, "/"}
