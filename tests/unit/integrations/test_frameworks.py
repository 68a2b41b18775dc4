"""Routes as real frameworks know them: Flask, Django and FastAPI."""

import asyncio
from wsgiref.util import setup_testing_defaults

import django
import pytest
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import include, path, re_path
from fastapi import APIRouter, FastAPI
from flask import Flask

from buildopt.integrations import asgi, wsgi
from buildopt.serving.telling import Teller
from tests.unit.integrations.served_rows import rows_in

urlpatterns = [
    path("shops/<slug:shop>/", include([path("x/<int:n>", lambda r, shop, n: HttpResponse("y"))])),
    re_path(r"^y/(?P<year>[0-9]{4})/$", lambda r, year: HttpResponse("z")),
    path("stream", lambda r: StreamingHttpResponse(iter([b"a", b"b"]))),
    path("fails", lambda r: 1 // 0),
]


@pytest.fixture
def teller(tmp_path):
    found = Teller("shop", environ={"BUILDOPT_STATE_DIR": str(tmp_path / "state")})
    yield found
    found.stop()


def told(teller, tmp_path):
    teller.flush()
    return {key[1:3]: count for key, count in rows_in(tmp_path / "state").items()}


def body_of(app, address):
    """What a WSGI application answers."""
    environ = {"SCRIPT_NAME": "", "PATH_INFO": address, "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    answer = app(environ, lambda *_: None)
    body = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return body


def status_of(app, address):
    """The status that an ASGI application answers."""
    sent = []
    scope = {
        "type": "http", "method": "GET", "path": address, "raw_path": address.encode(),
        "root_path": "", "query_string": b"", "headers": [], "http_version": "1.1",
        "scheme": "http", "server": ("a", 1), "client": ("b", 2), "asgi": {"version": "3.0"},
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"]


def test_flask(teller, tmp_path):
    app = Flask("shop")
    app.add_url_rule("/items/<int:id>/<path:rest>", "item", lambda id, rest: f"{id} {rest}")
    app.add_url_rule("/stream", "stream", lambda: iter(["a", "b"]))
    app.add_url_rule("/fails", "fails", lambda: 1 // 0)
    app.logger.disabled = True
    app.wsgi_app = wsgi.BuildoptMiddleware(app.wsgi_app, teller=teller)

    assert body_of(app, "/items/5/a/b") == b"5 a/b"
    assert body_of(app, "/stream") == b"ab"
    body_of(app, "/items/6/c")
    body_of(app, "/fails")
    body_of(app, "/.env")

    assert told(teller, tmp_path) == {
        ("/items/{id}/{rest}", 200): 2, ("/stream", 200): 1, ("/fails", 500): 1,
        ("{unmatched}", 404): 1,
    }  # fmt: skip


def test_django(teller, tmp_path):
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", LOGGING_CONFIG=None
        )
        django.setup()
    from django.core.wsgi import get_wsgi_application  # once it is set up

    app = wsgi.BuildoptMiddleware(get_wsgi_application(), teller=teller)

    assert body_of(app, "/shops/a/x/5") == b"y"
    assert body_of(app, "/y/2020/") == b"z"
    assert body_of(app, "/stream") == b"ab"
    body_of(app, "/fails")
    body_of(app, "/wp-login.php")

    assert told(teller, tmp_path) == {
        ("/shops/{shop}/x/{n}", 200): 1, ("/y/{year}/", 200): 1, ("/stream", 200): 1,
        ("/fails", 500): 1, ("{unmatched}", 404): 1,
    }  # fmt: skip


@pytest.mark.parametrize("is_outside", [False, True])
def test_fastapi(teller, tmp_path, is_outside):
    app, inner, router = FastAPI(), FastAPI(), APIRouter(prefix="/api")

    async def answer():
        return "x"

    app.get("/items/{id}")(answer)
    router.get("/u/{name}/f/{rest:path}")(answer)
    inner.get("/in/{key}")(answer)
    app.include_router(router)
    app.mount("/shops/{shop}", inner)
    if is_outside:
        served = asgi.BuildoptMiddleware(app, teller=teller)
    else:
        app.add_middleware(asgi.BuildoptMiddleware, teller=teller)
        served = app

    addresses = ("/items/5", "/api/u/a/f/b/c", "/shops/a/in/k", "/shops/b/in/k", "/.env")
    assert [status_of(served, one) for one in addresses] == [200, 200, 200, 200, 404]

    assert told(teller, tmp_path) == {
        ("/items/{id}", 200): 1, ("/api/u/{name}/f/{rest}", 200): 1,
        ("/shops/{shop}/in/{key}", 200): 2, ("{unmatched}", 404): 1,
    }  # fmt: skip
