"""Pages are joined with the build that made them, by hashed names, else by what they say."""

import json

import pytest

from monitor_plugins.web.beacon import read
from monitor_plugins.web.builds import Builds, Made
from monitor_plugins.web.chunk_names import chunk_of, is_hashed
from monitor_plugins.web.page_routes import route_of
from tests.unit.web.conftest import PAGE

FIRST = {"dist/assets/index-AAAA1111.js": 900, "dist/assets/list-CCCC3333.js": 300}
SECOND = {"dist/assets/index-BBBB2222.js": 950, "dist/assets/list-CCCC3333.js": 300}


@pytest.mark.parametrize(
    ("path", "chunk"),
    [
        ("/assets/index-DgX3kP_1.js", "index.js"),
        ("/assets/chart-CRIG-OpS.js", "chart.js"),
        ("/static/main.5f3a9c1e2b4d6f708192.css", "main.css"),
        ("/out/chunk-7XQZ2ABC.js", "chunk.js"),
        ("/user-settings.js", "user-settings.js"),
        ("/view-Settings.js", "view-Settings.js"),
        ("/view-UserProfile.js", "view-UserProfile.js"),
        ("/view-BcxAvlmQ.js", "view.js"),
        ("/main.js", "main.js"),
    ],
)
def test_a_hash_is_cut_off_and_a_word_is_none(path, chunk):
    assert chunk_of(path) == chunk
    assert is_hashed(path) == (not path.endswith(chunk))


@pytest.mark.parametrize(
    ("page", "route"),
    [
        ("/orders/4711?from=mail#top", "/orders/{id}"),
        ("https://example.org/a/b", "/a/b"),
        ("/u/0190b3c4-1111-7222-8333-944455556666/x", "/u/{id}/x"),
        ("/users/{id}", "/users/{id}"),
        ("/by/jane@example.org", "/by/{id}"),
        ("/t/a1b2c3d4e5f6a7b8c9d0", "/t/{id}"),
        ("", "/"),
        ("/a/b/c/d/e/f/g/h/i/j", "/a/b/c/d/e/f/g/h/…"),
        ("/x\x1b[31m", "/x?[31m"),
        ("/about-us", "/about-us"),
    ],
)
def test_an_address_is_cut_to_its_route(page, route):
    assert route_of(page) == route


def joined(receiver, **changes):
    beacon = read(json.dumps({**PAGE, **changes}).encode())
    (event, *_) = receiver.events_of(beacon, 1)
    return event.data["build"], event.data["joined_by"], event.data["project"]


def test_a_page_belongs_to_the_build_whose_names_it_loaded(site, receiver):
    site.build("run-1", FIRST)
    site.build("run-2", SECOND)
    later = {"names": ["/assets/index-BBBB2222.js"]}

    assert joined(receiver) == ("run-1", "chunks", "shop")
    assert joined(receiver, **later) == ("run-2", "chunks", "shop")


def test_a_page_of_a_build_that_is_not_known_is_of_no_build(site, receiver):
    site.build("run-1", FIRST)

    assert joined(receiver, names=["/assets/index-NEWER111.js"]) == ("", "", "")
    elsewhere = ["/assets/index-AAAA1111.js", "/cdn/lib-ABCD1234.js"]
    assert joined(receiver, names=elsewhere) == ("run-1", "chunks", "shop")
    site.build("run-2", {**SECOND, "dist/assets/index-NEWER111.js": 1})
    assert joined(receiver, names=["/assets/index-NEWER111.js"]) == ("run-2", "chunks", "shop")


def test_a_build_with_more_files_than_an_event_holds_is_known_by_most_names(site, receiver):
    outputs = [{"path": path, "kind": "file", "bytes": 9} for path in FIRST]
    site.journal("run-1").emit(
        "buildopt.cache.stored", {"task": "build", "outputs": outputs, "outputs_left_out": 40}
    )
    site.catch_up()
    page = ["/assets/index-AAAA1111.js", "/assets/rest-EEEE5555.js"]

    assert joined(receiver, names=page)[:2] == ("run-1", "chunks")
    assert joined(receiver, names=page[1:], chunks=[])[:2] == ("", "")


def test_without_known_names_the_meta_tag_counts_and_else_nothing(site, receiver):
    site.build("run-1", FIRST)
    plain = {"names": ["/main.js"], "chunks": []}

    assert joined(receiver, build="v1.2.3", **plain) == ("v1.2.3", "meta", "")
    assert joined(receiver, build="run-1", **plain) == ("run-1", "meta", "shop")
    assert joined(receiver, **plain) == ("", "", "")


def test_builds_of_the_same_names_are_one(site, receiver):
    site.build("run-1", FIRST)
    site.build("run-2", SECOND)
    site.build("run-3", FIRST)

    assert joined(receiver) == ("run-1", "chunks", "shop")


def test_a_build_that_comes_later_is_found_and_the_oldest_are_forgotten(receiver, site):
    joined(receiver)
    site.build("run-1", FIRST)

    assert joined(receiver) == ("run-1", "chunks", "shop")
    builds = Builds()
    for number in range(300):
        builds.add(Made(f"run-{number}", "shop", {f"index-AAAA{number:04d}.js": 1}))
    assert builds.find(["/index-AAAA0001.js"], "").build == ""
    assert builds.find(["/index-AAAA0299.js"], "").build == "run-299"


def test_the_analysis_of_the_bundle_says_which_chunks_are_lazy(site, receiver):
    site.build("run-1", FIRST)
    site.build("run-2", FIRST)
    sizes = {"raw": 300, "gzip": 200}
    files = [{"path": "assets/index-AAAA1111.js", "sizes": sizes, "role": "initial"},
             {"path": "assets/list-CCCC3333.js", "sizes": sizes, "role": "lazy"}]  # fmt: skip
    site.journal("run-2").emit("buildopt.bundle.analyzed", {"files": files, "project": "shop"})
    site.catch_up()
    chunks = [["/assets/index-AAAA1111.js", 900, 5, 1, 1], ["/assets/list-CCCC3333.js", 1, 5, 1, 1]]

    beacon = read(json.dumps({**PAGE, "vitals": [], "chunks": chunks, "ready": 310}).encode())
    (event, *_) = receiver.events_of(beacon, 1)

    assert [(row["chunk"], row["is_lazy"]) for row in event.data["chunks"]] == [
        ("index.js", False), ("list.js", True),
    ]  # fmt: skip
