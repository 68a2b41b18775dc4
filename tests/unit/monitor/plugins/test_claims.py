"""Who answers a route that two want."""

import pytest

from buildopt.monitor.claims import Claim, covers, judge
from buildopt.monitor.hookspecs import Response, Route


@pytest.mark.parametrize(
    ("path", "other", "expected"),
    [
        ("/a", "/a", True), ("/a", "/b", False), ("/a", "/a/", False), ("/a", "/a/b", False),
        ("/a/{id}", "/a/{name}", True), ("/a/{id}", "/a/b", True), ("/a/b", "/a/{id}", False),
        ("/{id}", "/", False), ("/{x}/b", "/a/{y}", False), ("/", "/", True),
    ],
)  # fmt: skip
def test_a_path_leaves_nothing_to_another_one(path, other, expected):
    assert covers(path, other) is expected


def claim(plugin, method, path):
    return Claim(plugin, Route(method, path, lambda _: Response(204, b"")))


def test_the_first_answers_and_each_later_one_is_told_by_whom():
    told = judge([
        claim("one", "GET", "/a/{id}"), claim("two", "GET", "/a/b"), claim("two", "HEAD", "/a/b"),
        claim("two", "POST", "/a/b"), claim("three", "post", "/a/b"),
        claim("three", "PUT", "/metrics"), claim("four", "GET", "/{any}/{of}"),
    ])  # fmt: skip

    assert [each.reason for each in told] == [
        "",
        "route `GET /a/b` is already one of plugin `one`",
        "route `HEAD /a/b` is already one of plugin `one`",
        "",
        "route `post /a/b` is already one of plugin `two`",
        "route `PUT /metrics` is already one of the monitor",
        "",
    ]
