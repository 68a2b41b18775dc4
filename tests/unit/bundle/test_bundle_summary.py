"""The figures of an analysis that go into an event."""

import msgspec

from buildopt.bundle.summary import MOST_PACKAGES, summary_of
from tests.unit.bundle.bundle_writing import analysed, write_chunk

LARGEST_EVENT_BYTES = 64 * 1024


def test_all_copies_of_a_package_are_one_row(tmp_path):
    parts = [("node_modules/a/i.js", "a();"), ("node_modules/b/node_modules/a/i.js", "a1();")]
    write_chunk(tmp_path, "main.js", parts)

    found = summary_of(analysed(tmp_path))

    assert [(p.name, len(p.versions), p.bytes) for p in found.packages] == [("a", 2, 9)]
    assert (found.duplicates, found.findings, found.left_out) == (1, {"duplicate": 1}, 0)


def test_a_large_build_still_fits_an_event(tmp_path):
    long_name = "n" * 150
    for number in range(130):
        name = f"node_modules/{long_name}{number}"
        write_chunk(tmp_path, f"{long_name}{number}.js", [(f"{name}/i.js", "a();")])
        page = f'<script src="{long_name}{number}.js"></script>'
        (tmp_path / f"{long_name}{number}.html").write_text(page)

    found = summary_of(analysed(tmp_path, ("gzip", "zstd")))

    assert len(msgspec.json.encode(found)) < LARGEST_EVENT_BYTES
    assert len(found.packages) == MOST_PACKAGES
    assert found.left_out == 30 + (260 - 100) + (130 - 20)
