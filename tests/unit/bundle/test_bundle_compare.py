"""Two builds side by side."""

import pytest
from msgspec.structs import replace

from buildopt.bundle.analysis import plain_means
from buildopt.bundle.compare import compare
from buildopt.bundle.matching import pairs
from tests.unit.bundle.bundle_writing import (
    analysed,
    write_chunk,
    write_lock,
    write_metafile,
)

A = "node_modules/a/index.js"


@pytest.fixture
def build(tmp_path):
    """Writes a build of the given chunks and gives its analysis."""

    def make(name, chunks, versions=None, imports=None):
        project = tmp_path / name
        for path, parts in chunks.items():
            write_chunk(project / "dist", path, parts)
        write_lock(project, versions or {})
        if imports:
            first = next(iter(chunks))
            write_metafile(project, imports, dict.fromkeys(chunks, ()), (first, "src/i.js"))
        return analysed(project)

    return make


def statuses(comparison):
    return {(change.before, change.after): change.status for change in comparison.files}


def test_chunks_whose_names_hold_a_hash_are_matched_by_what_is_inside(build):
    before = build("before", {"x-AAAAAAAA.js": [("src/i.js", "i();")], "y.js": [(A, "a();")]})
    after = build("after", {"q-BBBBBBBB.js": [("src/i.js", "i(1);")], "y.js": [(A, "a();")]})

    found = compare(before, after)

    assert statuses(found) == {
        ("x-AAAAAAAA.js", "q-BBBBBBBB.js"): "changed",
        ("y.js", "y.js"): "same",
    }


def test_chunks_that_changed_their_numbers_are_not_taken_for_each_other(build):
    one, two = [("src/one.js", "one();")], [("src/two.js", "two();")]
    before = build("before", {"1.js": one, "2.js": two})
    after = build("after", {"1.js": two, "2.js": [("src/one.js", "one(1);")]})

    assert pairs(before, after) == {"1.js": "2.js", "2.js": "1.js"}


def test_files_of_which_nothing_is_known_are_matched_by_name_without_hash(build, tmp_path):
    before, after = build("before", {"m.js": [("a.js", "a")]}), None
    (tmp_path / "before/dist/logo-AbCd1234.svg").write_text("<svg/>")
    build("after", {"m.js": [("a.js", "a")]})
    (tmp_path / "after/dist/logo-ZyXw9876.svg").write_text("<svg>1</svg>")
    before, after = analysed(tmp_path / "before"), analysed(tmp_path / "after")

    found = pairs(before, after)

    assert found["logo-ZyXw9876.svg"] == "logo-AbCd1234.svg"


def test_a_returning_visitor_fetches_what_has_another_name_or_content(build):
    same = [("src/same.js", "same();")]
    before = build("before", {"s.js": same, "x-AAAAAAAA.js": [("src/i.js", "i();")]})
    after = build("after", {"s.js": same, "x-BBBBBBBB.js": [("src/i.js", "i(1);")]})

    found = compare(before, after)

    (changed,) = [file for file in after.files if file.path == "x-BBBBBBBB.js"]
    assert (found.refetched.raw, found.refetched.gzip) == (changed.raw, changed.gzip)


def test_a_version_that_changed_is_the_cause(build):
    before = build("before", {"m.js": [(A, "a();")]}, {"node_modules/a": "1.0.0"})
    after = build("after", {"m.js": [(A, "a();a();")]}, {"node_modules/a": "1.1.0"})

    (change,) = compare(before, after).packages

    assert (change.before_bytes, change.after_bytes) == (4, 8)
    assert change.cause == "version 1.0.0 → 1.1.0"


def test_a_version_that_one_side_does_not_know_is_no_change(build):
    same = {"m.js": [(A, "a();")]}
    before, after = build("before", same), build("after", same, {"node_modules/a": "1.1.0"})

    assert compare(before, after).packages == ()


def test_the_line_of_the_lock_file_is_that_of_the_copy_that_was_bumped(build):
    inner = "node_modules/b/node_modules/a"
    chunk = {"m.js": [(A, "a();"), (f"{inner}/i.js", "b")]}
    before = build("before", chunk, {"node_modules/a": "2.0.0", inner: "1.0.0"})
    after = build("after", chunk, {"node_modules/a": "2.0.0", inner: "1.5.0"})
    packages = [replace(p, locked_at=f"lock:{p.version}") for p in after.packages]

    (change,) = compare(before, replace(after, packages=tuple(packages))).packages

    assert change.cause == "version 1.0.0, 2.0.0 → 1.5.0, 2.0.0 (lock:1.5.0)"


def test_a_copy_that_went_is_told(build):
    inner = ("node_modules/b/node_modules/a/index.js", "a();")
    versions = {"node_modules/a": "2.0.0", "node_modules/b/node_modules/a": "1.0.0"}
    before = build("before", {"m.js": [(A, "a();"), inner]}, versions)
    after = build("after", {"m.js": [(A, "a();")]}, versions)

    (change,) = compare(before, after).packages

    assert change.cause == "fewer copies: 1.0.0, 2.0.0 → 2.0.0"


def test_a_new_package_is_told_with_the_import_that_brings_it(build):
    own = ("src/i.js", "i();")
    before = build("before", {"m.js": [own]})
    imports = {"src/i.js": ["src/j.js"], "src/j.js": [A]}
    after = build("after", {"m.js": [own, (A, "a();")]}, imports=imports)

    (change,) = compare(before, after).packages

    assert change.cause == "new, imported by `src/j.js`"


def test_one_more_copy_is_told(build):
    inner = "node_modules/b/node_modules/a/index.js"
    before = build("before", {"m.js": [(A, "a();")]})
    after = build("after", {"m.js": [(A, "a();"), (inner, "a();")]})

    (change,) = compare(before, after).packages

    assert change.cause.startswith("one more copy")


def test_more_modules_of_the_same_version_are_told(build):
    versions = {"node_modules/a": "1.0.0"}
    before = build("before", {"m.js": [(A, "a();")]}, versions)
    more = ("node_modules/a/more.js", "m();")
    after = build("after", {"m.js": [(A, "a();"), more]}, versions)

    (change,) = compare(before, after).packages

    assert change.cause == "more of it is imported: `node_modules/a/more.js`"


def test_a_package_that_went_is_told(build):
    before = build("before", {"m.js": [("src/i.js", "i();"), (A, "a();")]})
    after = build("after", {"m.js": [("src/i.js", "i();")]})

    (change,) = compare(before, after).packages

    assert (change.after_bytes, change.cause) == (0, "no longer in the bundle")


def test_own_modules_are_compared_by_name(build):
    before = build("before", {"m.js": [("src/i.js", "i();"), ("src/old.js", "o();")]})
    after = build("after", {"m.js": [("src/i.js", "i();"), ("src/new.js", "neu();")]})

    found = compare(before, after).modules

    assert [(m.name, m.before_bytes, m.after_bytes) for m in found] == [
        ("src/new.js", 0, 6),
        ("src/old.js", 4, 0),
    ]


def test_sizes_that_were_made_in_different_ways_are_not_compared(build, tmp_path):
    from buildopt.bundle.analysis import analyse

    before = build("before", {"m.js": [(A, "a();")]})
    after = analyse(str(tmp_path / "before"), plain_means(("brotli",)))

    found = compare(before, after)

    assert found.not_compared == ("brotli", "gzip")
    assert (found.before_totals.gzip, found.after_totals.brotli) == (None, None)
    assert found.after_totals.raw == before.totals.raw


def test_a_build_does_not_differ_from_itself(build):
    found = build("one", {"m.js": [(A, "a();")]})

    same = compare(found, found)

    assert (same.packages, same.modules, same.refetched.raw) == ((), (), 0)
