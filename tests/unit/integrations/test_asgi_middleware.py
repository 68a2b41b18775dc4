"""The ASGI middleware around real Starlette applications and bare ones."""

import asyncio
import os

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute

from buildopt.integrations.asgi import BuildoptMiddleware
from buildopt.serving.telling import Teller
from tests.unit.integrations.served_rows import events_in, rows_in


@pytest.fixture
def teller(tmp_path):
    found = Teller("shop", environ={"BUILDOPT_STATE_DIR": str(tmp_path / "state")})
    yield found
    found.stop()


def scope_of(path, method="GET", **more):
    return {
        "type": "http", "method": method, "path": path, "root_path": "", "query_string": b"",
        "headers": [], "http_version": "1.1", "scheme": "http", "server": ("a", 1),
        "client": ("b", 2), "asgi": {"version": "3.0"}, **more,
    }  # fmt: skip


def call(app, scope, came=()):
    """What an application sends for one connection."""
    sent, coming = [], list(came) or [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        return coming.pop(0) if coming else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def told(teller, tmp_path):
    teller.flush()
    return rows_in(tmp_path / "state")


async def answer(request):
    return PlainTextResponse("here")


async def fail(request):
    raise LookupError("gone")


def shop(teller):
    app = Starlette(
        routes=[
            Route("/items/{id:int}", answer),
            Route("/fails", fail),
            Mount("/shops/{shop}", routes=[Route("/{name}", answer)]),
        ]
    )
    app.add_middleware(BuildoptMiddleware, teller=teller)
    return app


def test_requests_are_told_by_the_template_of_their_route(teller, tmp_path):
    app = shop(teller)
    for path in ("/items/1", "/items/2", "/shops/a/b", "/wp-login.php", "/x/y/z"):
        call(app, scope_of(path))

    assert told(teller, tmp_path) == {
        ("GET", "/items/{id}", 200, ""): 2,
        ("GET", "/shops/{shop}/{name}", 200, ""): 1,
        ("GET", "{unmatched}", 404, ""): 2,
    }


def test_two_routes_of_one_endpoint_are_told_apart(teller, tmp_path):
    app = Starlette(routes=[Route("/a/{id}", answer), Route("/b/{name}", answer)])
    app.add_middleware(BuildoptMiddleware, teller=teller)
    call(app, scope_of("/b/a"))

    assert told(teller, tmp_path) == {("GET", "/b/{name}", 200, ""): 1}


def test_an_exception_passes_and_counts_as_what_the_server_answers(teller, tmp_path):
    with pytest.raises(LookupError, match="gone"):
        call(shop(teller), scope_of("/fails"))

    assert told(teller, tmp_path) == {("GET", "/fails", 500, "LookupError"): 1}


def test_a_body_that_streams_is_timed_to_its_end_and_passes_piece_by_piece(teller, tmp_path):
    async def pieces():
        for piece in (b"a", b"b", b"c"):
            await asyncio.sleep(0.02)
            yield piece

    async def app(scope, receive, send):
        await StreamingResponse(pieces())(scope, receive, send)

    sent = call(BuildoptMiddleware(app, teller=teller), scope_of("/export/7"))

    assert [message["body"] for message in sent[1:]] == [b"a", b"b", b"c", b""]
    assert told(teller, tmp_path) == {("GET", "/export/{number}", 200, ""): 1}
    (event,) = events_in(tmp_path / "state")
    assert event.data["requests"][0][5] >= 0.06


def test_what_goes_on_behind_the_last_byte_is_no_part_of_the_duration(teller, tmp_path):
    async def later():
        await asyncio.sleep(0.2)

    async def app(scope, receive, send):
        await PlainTextResponse("x", background=BackgroundTask(later))(scope, receive, send)

    call(BuildoptMiddleware(app, teller=teller), scope_of("/a"))

    teller.flush()
    (event,) = events_in(tmp_path / "state")
    assert event.data["requests"][0][5] < 0.2


def test_a_client_that_goes_away_passes_as_cancelled_and_is_no_failure(teller, tmp_path):
    async def app(scope, receive, send):
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        call(BuildoptMiddleware(app, teller=teller), scope_of("/a"))

    assert told(teller, tmp_path) == {("GET", "/a", 0, "CancelledError"): 1}


def test_lifespan_and_websockets_pass_untouched(teller, tmp_path):
    seen = []

    async def app(scope, receive, send):
        seen.append((scope, receive, send))

    async def receive():
        return {}

    async def send(message):
        pass

    for kind in ("lifespan", "websocket"):
        scope = {"type": kind}
        asyncio.run(BuildoptMiddleware(app, teller=teller)(scope, receive, send))
        assert seen.pop() == (scope, receive, send)

    async def ends(scope, receive, send):
        raise ValueError("no lifespan here")

    with pytest.raises(ValueError, match="no lifespan"):
        asyncio.run(BuildoptMiddleware(ends, teller=teller)({"type": "lifespan"}, receive, send))

    async def echo(socket):
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    starlette = Starlette(routes=[WebSocketRoute("/echo", echo)])
    starlette.add_middleware(BuildoptMiddleware, teller=teller)
    came = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}]
    sent = call(starlette, scope_of("/echo", type="websocket", subprotocols=[]), came)
    assert [message["type"] for message in sent] == [
        "websocket.accept", "websocket.send", "websocket.close",
    ]  # fmt: skip
    assert told(teller, tmp_path) == {}


def test_what_was_counted_is_told_when_the_application_s_life_ends(teller, tmp_path):
    app = shop(teller)
    call(app, scope_of("/items/1"))
    came = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = call(app, {"type": "lifespan"}, came)

    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete", "lifespan.shutdown.complete",
    ]  # fmt: skip
    assert rows_in(tmp_path / "state") == {("GET", "/items/{id}", 200, ""): 1}


def test_hostile_methods_and_paths_stay_few_and_short(teller, tmp_path):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 99999, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    middleware = BuildoptMiddleware(app, teller=teller)
    for number in range(300):
        call(middleware, scope_of(f"/p{'x' * (number % 90)}{number}\x00\x1b/{{id}}", f"M{number}"))

    rows = told(teller, tmp_path)
    assert {key[0] for key in rows} == {"_OTHER"} and {key[2] for key in rows} == {0}
    assert sum(rows.values()) == 300
    assert all(key[1].isprintable() and len(key[1]) <= 120 for key in rows)


def test_trouble_of_ours_is_no_request_s(teller, monkeypatch):
    def broken(*_):
        raise RuntimeError("ours")

    monkeypatch.setattr(teller.window, "end", broken)
    app = shop(teller)

    sent = call(app, scope_of("/items/1"))

    assert sent[0]["status"] == 200
    assert teller.window.take().active_requests == 0


def test_active_requests_are_told(teller, tmp_path):
    async def app(scope, receive, send):
        await asyncio.sleep(0.05)
        await PlainTextResponse("x")(scope, receive, send)

    middleware = BuildoptMiddleware(app, teller=teller)

    async def many():
        async def receive():
            return {"type": "http.request", "body": b""}

        async def send(message):
            pass

        await asyncio.gather(*(middleware(scope_of("/a"), receive, send) for _ in range(5)))

    asyncio.run(many())

    teller.flush()
    (event,) = events_in(tmp_path / "state")
    assert event.data["most_active_requests"] == 5
    assert event.data["active_requests"] == 0
    assert event.subject == "shop" and event.source == f"/{os.uname().nodename}/shop/{os.getpid()}"
