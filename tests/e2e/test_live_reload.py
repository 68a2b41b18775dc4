"""`--live-reload` has pages of this machine reload after a good round, and tells nobody else."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.e2e.watch_rig import WAIT_S, Session
from tests.rig import Rig

OBSERVE = "auto"
Ask = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def port(rig: Rig, watch: Callable[..., Session]) -> int:
    rig.script("build.sh", "cat a.txt > out.txt; ! grep -q bad a.txt\n")
    rig.write("a.txt", "1\n")
    session = watch("--live-reload", "0", "--", "./build.sh")
    address = session.until("listening")["address"]
    session.until("ready")
    rig.session = session
    return urlsplit(address).port


@pytest.fixture
def ask(port: int) -> Iterator[Ask]:
    connections = []

    def get(path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=named)
        connections.append((connection, connection.getresponse()))
        return connections[-1][1]

    yield get
    for connection, response in connections:
        response.close()
        connection.close()


def test_a_page_is_told_to_reload_after_a_good_round_that_changed_something(
    rig: Rig, ask: Ask
) -> None:
    page = ask("/events", Origin="http://localhost:5173")
    heard = [page.fp.readline(), page.fp.readline(), page.fp.readline(), page.fp.readline()]

    rig.write("a.txt", "bad\n")
    assert rig.session.result()["exit_code"]
    rig.write("a.txt", "2\n")
    assert not rig.session.result()["exit_code"]
    while b"event: reload\n" not in heard:
        heard.append(page.fp.readline())

    assert page.headers["content-type"].startswith("text/event-stream")
    assert page.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert heard.count(b"event: reload\n") == 1


def test_the_script_names_the_address_that_it_came_from(ask: Ask) -> None:
    script = ask("/reload.js")

    assert script.status == 200
    assert b'new URL("/events", document.currentScript.src)' in script.read()


def test_only_pages_of_this_machine_are_answered(ask: Ask) -> None:
    good = [
        {},
        {"Origin": "http://[::1]:3000"},
        {"Origin": "http://app.localhost:3000"},
    ]
    bad = [
        {"Origin": "https://example.com"},
        {"Origin": "http://localhost.example.com"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "rebound.example.com"},
        {"Host": "localhost:1"},
    ]

    answers = [ask("/events", **headers).status for headers in (*good, *bad)]

    assert answers == [200] * len(good) + [403] * len(bad)


def test_it_listens_on_loopback_only_and_ends_with_the_session(
    rig: Rig, ask: Ask, port: int
) -> None:
    page = ask("/events")

    status = rig.session.end()
    page.read()

    assert status == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_port_that_is_taken_is_told(rig: Rig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = rig.call("watch", "--live-reload", port, "--", "true")

    assert done.returncode == 2
    assert f"cannot listen on port `{port}`".encode() in done.stderr
