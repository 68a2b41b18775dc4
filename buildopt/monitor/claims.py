"""Which of the plugins' routes answer: of those that one request would reach, the first.

A route that an earlier one leaves nothing to is refused. Else it would be dead without a word, and
one that is open to pages of other sites would open the earlier one to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from buildopt.monitor.hookspecs import Route

OWN_PATHS = ("/assets/{name}", "/healthz", "/enter", "/tickets", "/metrics", "/api/v1/health")
"""What the server answers by itself (`http.application`), whatever the method."""


class Claim(NamedTuple):
    """A route, and the plugin that wants to answer it."""

    plugin: str
    route: Route


class Judged(NamedTuple):
    """A claim, and why it is refused; empty where it is not."""

    claim: Claim
    reason: str


def judge(claims: Iterable[Claim]) -> Iterator[Judged]:
    """Each claim in its order, which says who comes first."""
    answering: list[Claim] = []
    for claim in claims:
        owner = _owner(claim.route, answering)
        if owner is None:
            answering.append(claim)
        words = f"route `{claim.route.method} {claim.route.path}` is already one of {owner}"
        yield Judged(claim, words if owner else "")


def _owner(route: Route, answering: Iterable[Claim]) -> str | None:
    """Who answers all that would come to the route."""
    if any(covers(path, route.path) for path in OWN_PATHS):
        return "the monitor"
    for plugin, earlier in answering:
        if _method(earlier) == _method(route) and covers(earlier.path, route.path):
            return f"plugin `{plugin}`"
    return None


def _method(route: Route) -> str:
    method = route.method.upper()
    return "GET" if method == "HEAD" else method  # who answers the one answers the other


def covers(path: str, other: str) -> bool:
    """Whether a route of `path` gets all that one of `other` would."""
    parts, others = path.split("/"), other.split("/")
    return len(parts) == len(others) and all(map(_takes, parts, others))


def _takes(part: str, other: str) -> bool:
    return part == other or (_is_left_open(part) and other != "")


def _is_left_open(part: str) -> bool:
    return part.startswith("{") and part.endswith("}")
