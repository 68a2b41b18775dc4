"""Who is told no by the monitor's server, in which order, and what an answer never says."""

import json
import os
import socket
import stat
from contextlib import ExitStack, closing

import pytest

from buildopt import loopback
from buildopt.cli.monitor_health import ask as ask_running
from buildopt.loopback import MOST_CONNECTIONS
from buildopt.monitor.http import Server, Shown
from buildopt.monitor.socket_file import SocketConnection, listening_at
from buildopt.monitor.tickets import GOOD_FOR_S, MOST, Tickets
from tests.unit.monitor.test_http import JSON, TOKEN, ask, server, shown

fixtures = (server,)
POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
    "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
    "manifest-src 'self'",
}  # fmt: skip


def test_address_then_site_then_token_then_kind_then_size_then_route(server):
    """Each request is right in one more way than the one before."""
    own = f"http://127.0.0.1:{server.doors.port}"
    wrong = {
        "token": "", "host": "evil.example", "origin": "http://evil.example",
        "content_type": "text/plain", "content_length": "1000001",
    }  # fmt: skip
    right = [
        {"host": f"127.0.0.1:{server.doors.port}"}, {"origin": own}, {"token": TOKEN}, JSON,
        {"content_length": "2"},
    ]  # fmt: skip
    told = []
    for number in range(len(right) + 1):
        headers = dict(wrong)
        for one in right[:number]:
            headers |= {name.replace("-", "_"): value for name, value in one.items()}
        answer = ask(server, "/nowhere", "POST", "{}", **headers)
        told.append((answer.status, json.loads(answer.body)["title"].split()[0]))

    assert told == [
        (403, "this"), (403, "asked"), (401, "the"), (415, "the"), (413, "the"), (404, "not"),
    ]  # fmt: skip


@pytest.mark.parametrize(("method", "status"), [("DELETE", 405), ("PUT", 405), ("POST", 415)])
def test_no_body_needs_no_kind_where_no_other_page_could_ask(server, method, status):
    assert ask(server, "/api/v1/health", method).status == status


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/health", {}, 200), ("/no", {}, 404), ("/broken", {}, 500),
        ("/enter?token=wrong", {"token": ""}, 401), ("/healthz", {"host": "evil.example"}, 403),
    ],
)  # fmt: skip
def test_every_answer_forbids_what_a_page_of_ours_does_not_need(server, path, headers, status):
    answer = ask(server, path, **headers)

    assert answer.status == status
    assert set(answer.headers["content-security-policy"].split("; ")) == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert TOKEN.encode() not in answer.body


def test_it_listens_on_this_machine_only(server):
    names = {each.getsockname()[0] for each in server._sockets}

    assert names <= {"127.0.0.1", "::1"}


def test_who_takes_all_connections_gets_no_more_and_lets_others_in_again(server, monkeypatch):
    monkeypatch.setattr(loopback, "HEADERS_WITHIN_S", 30.0)
    address = ("127.0.0.1", server.doors.port)
    with ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            stack.enter_context(socket.create_connection(address, timeout=10))
        assert ask(server, "/healthz").status == 503
    for _ in range(100):
        status = ask(server, "/healthz").status
        if status == 200:
            break

    assert status == 200


def test_a_ticket_lets_a_browser_in_once(server):
    given = ask(server, "/tickets", "POST", "{}", **JSON)
    ticket = json.loads(given.body)["ticket"]
    first = ask(server, f"/enter?ticket={ticket}", token="")
    second = ask(server, f"/enter?ticket={ticket}", token="")

    assert (given.status, first.status, second.status) == (201, 303, 401)
    assert TOKEN in first.headers["set-cookie"]
    assert ask(server, "/tickets", "POST", "{}", token="", **JSON).status == 401
    assert ask(server, "/enter?ticket=", token="").status == 401


def test_a_ticket_is_good_for_a_minute_and_there_are_few():
    now_s = 0.0
    tickets = Tickets(mono_s=lambda: now_s)
    late = tickets.issue()
    now_s = GOOD_FOR_S
    assert not tickets.take(late)

    first, *rest = [tickets.issue() for _ in range(MOST + 1)]

    assert not tickets.take(first)
    assert all(map(tickets.take, rest))


@pytest.fixture
def at_a_file(tmp_path):
    server = Server(f"unix:{tmp_path}/s", 0, TOKEN, shown())
    server.start()
    yield server, tmp_path / "s"
    server.stop()


def test_a_socket_is_the_users_alone_and_needs_the_token_too(at_a_file):
    server, path = at_a_file
    answers = []
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}, {"Origin": "http://evil.example"}):
        with closing(SocketConnection(f"unix:{path}", 5)) as connection:
            connection.request("GET", "/api/v1/health", headers=headers)
            answers.append(connection.getresponse().status)

    assert answers == [401, 200, 403]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert server.url == f"unix:{path}"


def test_the_running_one_is_found_at_its_socket(at_a_file, tmp_path):
    server, _ = at_a_file
    told = {"url": server.url, "token": TOKEN, "pid": 1}
    (tmp_path / "monitor.json").write_text(json.dumps(told))

    assert ask_running(str(tmp_path), "/healthz").body == b"pass\n"


def test_a_socket_goes_with_its_server_and_a_dead_one_is_in_nobodys_way(tmp_path):
    server = Server(f"unix:{tmp_path}/s", 0, TOKEN, shown())
    server.start()
    with pytest.raises(OSError):
        listening_at(f"unix:{tmp_path}/s")
    with closing(SocketConnection(f"unix:{tmp_path}/s", 5)) as connection:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"pass\n"
    server.stop()
    assert not (tmp_path / "s").exists()

    listening_at(f"unix:{tmp_path}/s").close()  # leaves its file, as one that was killed
    listening_at(f"unix:{tmp_path}/s").close()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError):
        listening_at(f"unix:{tmp_path}/file")
    assert (tmp_path / "file").read_text() == "mine"
    assert os.path.exists(tmp_path / "s")


def test_who_takes_in_nothing_holds_up_nobody():
    """A reader of an answer without end, who reads none of it."""
    from buildopt.monitor.hookspecs import Response, Route

    endless = (b"x" * 65_536 for _ in iter(int, 1))
    route = Route("GET", "/endless", lambda _: Response(200, endless, "text/plain"))
    server = Server("127.0.0.1", 0, TOKEN, Shown(shown().health, str, (route,)))
    server.start()
    try:
        request = f"GET /endless HTTP/1.1\r\nHost: localhost:{server.doors.port}\r\n"
        request += f"Authorization: Bearer {TOKEN}\r\n\r\n"
        with ExitStack() as stack:
            for _ in range(5):
                slow = socket.create_connection(("127.0.0.1", server.doors.port), timeout=10)
                stack.enter_context(slow).sendall(request.encode())
                assert slow.recv(1)
            assert all(ask(server, "/healthz").status == 200 for _ in range(20))
    finally:
        server.stop()
