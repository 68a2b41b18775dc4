"""What the script is given: small whatever the build."""

import base64
import gzip
import json

from buildopt.report.bundle.data import data_of
from buildopt.report.bundle.tree import Leaf, Owner, grow
from tests.unit.report.bundle.page_reading import numbers

ROOM_BYTES = 200_000


def forest_of(count):
    leaves = [
        Leaf(path=("main.js", "own", f"{n * 7919 % 999_983:x}-{n:x}.js"), owner=0, figures=(n,))
        for n in range(count)
    ]
    return grow("all", leaves, ("raw",), (Owner(name="own"),), owner_depth=2)


def test_a_small_build_can_be_read_in_the_page():
    kind, text, left_out = data_of(forest_of(10), {"kind": "bundle"}, ROOM_BYTES)

    assert kind == "application/json"
    assert sorted(numbers(json.loads(text), "raw")) == list(range(10))
    assert left_out == ""


def test_a_huge_build_stays_below_the_limit_and_says_what_it_left_out():
    kind, text, left_out = data_of(forest_of(40_000), {"kind": "bundle"}, ROOM_BYTES)

    assert kind == "application/octet-stream;base64"
    assert len(text) <= ROOM_BYTES
    assert "of 40,000" in left_out
    data = json.loads(gzip.decompress(base64.b64decode(text)))
    assert sum(numbers(data, "raw")) == sum(range(40_000))
    assert f"{39_999 * 7919 % 999_983:x}-{39_999:x}\n" in data["names"]
