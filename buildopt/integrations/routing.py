"""Which route took a request, as its framework knows; else a template of the raw path.

    FastAPI      scope["route"], else by endpoint   /items/{item_id}
    Starlette    by endpoint, of the application's routes
    Flask        the rule of werkzeug's request     /items/<int:id> -> /items/{id}
                 (asked for when the answer starts: Flask forgets it at its end)
    Django       resolver_match of the request that its response closes
    any other    routes.template_of(path)

A request that no route of a framework took is `{unmatched}`: such paths are what scanners try.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from buildopt.serving.routes import template_of

UNMATCHED = "{unmatched}"
_CONVERTER = re.compile(r"<(?:[^<>:]*:)?([^<>]*)>")
_STARLETTE = re.compile(r"\{(\w+)(?::\w+)?\}")
_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")
_ANCHORS = str.maketrans("", "", "^$")
MOST_DEPTH = 10
"""Of mounted applications inside each other."""


class Template(NamedTuple):
    """A route as it is shown, and the names of what it leaves open."""

    shown: str
    names: frozenset[str]


class Routes:
    """The templates of an application's routes; looked up once for each endpoint."""

    def __init__(self) -> None:
        self._of: dict[int, dict[int, list[Template]]] = {}
        """By application and endpoint."""

    def of_scope(self, scope: Mapping[str, Any], outermost: Any) -> str:  # Any: as ASGI has it
        """The route of a request that was answered.

        `outermost` is the application that has all routes: a mounted one puts itself in its place.
        """
        app, endpoint = outermost or scope.get("app"), scope.get("endpoint")
        if endpoint is not None:
            return self._of_endpoint(scope, app, endpoint)
        if getattr(app, "routes", None):
            return UNMATCHED
        return template_of(scope["path"])

    def _of_endpoint(self, scope: Mapping[str, Any], app: Any, endpoint: Any) -> str:  # Any: theirs
        found = self._templates(app).get(id(endpoint), ())
        names = scope.get("path_params") or {}
        fitting = [one for one in found if one.names == names.keys()]
        if len(fitting) == 1 or (fitting and not names):
            return fitting[0].shown
        route = getattr(scope.get("route"), "path", "")
        if isinstance(route, str) and route:
            return _shown(route)
        return fitting[0].shown if fitting else template_of(scope["path"])

    def _templates(self, app: Any) -> Mapping[int, list[Template]]:  # Any: theirs
        known = self._of.get(id(app))
        if known is None:
            known = self._of[id(app)] = {}
            for template, endpoint in _walk(getattr(app, "routes", ()), "", 0):
                names = frozenset(_STARLETTE.findall(template))
                known.setdefault(id(endpoint), []).append(Template(_shown(template), names))
        return known


def of_werkzeug(environ: Mapping[str, Any]) -> str:  # Any: as WSGI has it
    """The rule of Flask's request while it lasts; empty for what is none."""
    request: Any = environ.get("werkzeug.request")  # Any: werkzeug's
    if not hasattr(request, "url_rule"):
        return ""
    rule = getattr(request.url_rule, "rule", None)
    return _CONVERTER.sub(r"{\1}", rule) if isinstance(rule, str) else UNMATCHED


def of_environ(environ: Mapping[str, Any], answer: Any) -> str:  # Any: as WSGI has it
    """The route of a WSGI request that was answered, by any but Flask."""
    closers = getattr(answer, "_resource_closers", None)
    if isinstance(closers, list):
        return _of_django(closers)
    return template_of(f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}")


def _of_django(closers: Iterable[Any]) -> str:  # Any: Django's
    for closer in closers:
        match = getattr(getattr(closer, "__self__", None), "resolver_match", None)
        if match is not None and isinstance(match.route, str):
            named = _CONVERTER.sub(r"{\1}", _GROUP.sub(r"{\1}", match.route))
            return "/" + named.translate(_ANCHORS).removesuffix("\\Z")
    return UNMATCHED


def _walk(routes: Iterable[Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Templates and endpoints of routes and of what is mounted below them."""  # Any: Starlette's
    for route in routes:
        path = getattr(route, "path", "")
        inner = getattr(route, "routes", None)
        if inner and depth < MOST_DEPTH:
            yield from _walk(inner, prefix + path, depth + 1)
        endpoint = getattr(route, "endpoint", None) or getattr(route, "app", None)
        if endpoint is not None:
            yield prefix + path, endpoint


def _shown(template: str) -> str:
    """`/files/{path}` of `/files/{path:path}`."""
    return _STARLETTE.sub(r"{\1}", template) or "/"
