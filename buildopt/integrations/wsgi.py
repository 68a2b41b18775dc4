"""Middleware for WSGI applications (Flask, Django, Bottle, …): one line to add.

    app.wsgi_app = BuildoptMiddleware(app.wsgi_app)                  # Flask
    application = BuildoptMiddleware(get_wsgi_application())         # Django, any other

Counts each request by route, status and error with its duration, until its body was closed. Bodies
that are there at once (lists) and files that the server sends itself are passed on as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

from buildopt.integrations.routing import of_environ, of_werkzeug
from buildopt.serving.telling import Teller
from buildopt.serving.window import Key

UNKNOWN = "{unknown}"
Environ = dict[str, Any]  # Any: as WSGI has it
StartResponse = Callable[..., Callable[[bytes], object]]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


class BuildoptMiddleware:
    """A WSGI application around another one."""

    def __init__(self, app: App, *, service: str = "", teller: Teller | None = None) -> None:
        """`service` names it (OpenTelemetry's `service.name`); else `OTEL_SERVICE_NAME` or the
        folder's name.
        """
        self.app = app
        self._teller = teller or Teller(service)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = _Request(self._teller, environ, start_response)
        try:
            answer = self.app(environ, request.start)
        except BaseException as error:
            request.finish(error=error)
            raise
        if isinstance(answer, list | tuple) or _is_file(environ, answer):
            request.finish(answer)
            return answer
        return _Body(answer, request)


class _Request:
    """One request on its way."""

    __slots__ = (
        "_began_s", "_environ", "_is_over", "_route", "_start", "_status", "_teller", "_window",
    )  # fmt: skip

    def __init__(self, teller: Teller, environ: Environ, start: StartResponse) -> None:
        self._teller = teller
        self._environ = environ
        self._start = start
        self._status = 0
        self._route = ""
        self._is_over = False
        self._window = teller.window
        self._window.begin()
        self._began_s = perf_counter()

    def start(self, status: str, *rest: Any, **named: Any) -> Callable[[bytes], object]:
        """`start_response` of the server, whose status is noted; Any: as WSGI has it."""
        if status[:3].isdecimal():
            self._status = int(status[:3])
        try:
            self._route = of_werkzeug(self._environ)
        except Exception:  # noqa: BLE001  # a promise: our trouble is no request's
            self._route = UNKNOWN
        return self._start(status, *rest, **named)

    def finish(self, answer: object = None, error: BaseException | None = None) -> None:
        """Count it, once."""
        if self._is_over:
            return
        self._is_over = True
        try:
            status = self._status or (500 if isinstance(error, Exception) else 0)
            key = Key(
                self._environ["REQUEST_METHOD"],
                self._route or of_environ(self._environ, answer),
                status,
                type(error).__qualname__ if error else "",
            )
            self._window.end(key, perf_counter() - self._began_s)
            self._teller.wake()
        except Exception:  # noqa: BLE001  # a promise: our trouble is no request's
            self._window.cancel()


class _Body:
    """A body that comes piece by piece."""

    def __init__(self, answer: Iterable[bytes], request: _Request) -> None:
        self._answer = answer
        self._request = request
        self._pieces: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            if self._pieces is None:
                self._pieces = iter(self._answer)
            return next(self._pieces)
        except StopIteration:
            self._request.finish(self._answer)
            raise
        except BaseException as error:
            self._request.finish(self._answer, error)
            raise

    def close(self) -> None:
        """Close the application's body, as the server does at the end whatever happened."""
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            self._request.finish(self._answer)


def _is_file(environ: Environ, answer: object) -> bool:
    """Whether the server knows how to send it without us."""
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(answer, wrapper)
