"""The WSGI middleware, held to the specification by wsgiref's own validator."""

import io
from wsgiref.handlers import SimpleHandler
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest

from buildopt.integrations.wsgi import BuildoptMiddleware
from buildopt.serving.telling import Teller
from tests.unit.integrations.served_rows import rows_in


@pytest.fixture
def teller(tmp_path):
    found = Teller("shop", environ={"BUILDOPT_STATE_DIR": str(tmp_path / "state")})
    yield found
    found.stop()


def environ_of(path="/", **more):
    environ = {"SCRIPT_NAME": "", "PATH_INFO": path}
    setup_testing_defaults(environ)
    return {**environ, "QUERY_STRING": "", **more}


def served(app, **more):
    """The bytes that a server of WSGI writes for one request."""
    out, troubles = io.BytesIO(), io.StringIO()
    environ = environ_of(**more)
    handler = SimpleHandler(io.BytesIO(), out, troubles, environ, multithread=False)
    handler.run(app)
    return out.getvalue().partition(b"\r\n\r\n")[2], troubles.getvalue()


def told(teller, tmp_path):
    teller.flush()
    return rows_in(tmp_path / "state")


def pieces(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])

    def body():
        yield b"a"
        yield b"b"

    return body()


def test_bodies_in_pieces_pass_as_the_specification_has_it(teller, tmp_path):
    app = validator(BuildoptMiddleware(validator(pieces), teller=teller))

    assert served(app, path="/items/5") == (b"ab", "")
    assert told(teller, tmp_path) == {("GET", "/items/{number}", 200, ""): 1}


def test_a_list_and_a_file_are_passed_on_as_they_are(teller, tmp_path):
    bodies = [[b"x"], FileWrapper(io.BytesIO(b"file"))]

    def app(environ, start_response):
        start_response("201 Created", [])
        return bodies[0]

    middleware = BuildoptMiddleware(app, teller=teller)
    for _ in range(2):
        environ = environ_of("/a", **{"wsgi.file_wrapper": FileWrapper})
        assert middleware(environ, lambda *_: None) is bodies.pop(0)

    assert told(teller, tmp_path) == {("GET", "/a", 201, ""): 2}


def test_exceptions_pass_before_the_body_and_within_it(teller, tmp_path):
    def at_once(environ, start_response):
        raise KeyError("a")

    def later(environ, start_response):
        start_response("200 OK", [])
        yield b"half"
        raise ValueError("b")

    with pytest.raises(KeyError):
        BuildoptMiddleware(at_once, teller=teller)(environ_of("/a"), lambda *_: None)
    with pytest.raises(ValueError, match="b"):
        list(BuildoptMiddleware(later, teller=teller)(environ_of("/b"), lambda *_: None))

    assert told(teller, tmp_path) == {
        ("GET", "/a", 500, "KeyError"): 1, ("GET", "/b", 200, "ValueError"): 1,
    }  # fmt: skip


def test_a_body_is_closed_once_and_counts_once(teller, tmp_path):
    closed = []

    class Body:
        def __iter__(self):
            return iter([b"x"])

        def close(self):
            closed.append(1)

    def app(environ, start_response):
        start_response("200 OK", [])
        return Body()

    body = BuildoptMiddleware(app, teller=teller)(environ_of("/a"), lambda *_: None)
    assert list(body) == [b"x"]
    body.close()

    assert closed == [1]
    assert told(teller, tmp_path) == {("GET", "/a", 200, ""): 1}
