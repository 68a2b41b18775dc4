"""Compressed sizes, remembered by content."""

import gzip

import brotli
import pytest

from buildopt.bundle.memo import NoMemo
from buildopt.bundle.sizes import Measuring, brotli_method, digest, gzip_method, measure, methods

TEXT = b"function add(a, b) { return a + b; }\n" * 50
ALL = ("gzip", "brotli", "zstd")


class Memory:
    """A memo that tells what it was asked."""

    def __init__(self):
        self.kept = {}
        self.hits = 0

    def get(self, key):
        self.hits += key in self.kept
        return self.kept.get(key)

    def put(self, key, value):
        self.kept[key] = value


def sizes_of(contents, memo, encodings=ALL):
    measuring = Measuring(methods(encodings), memo)
    for content in contents:
        measuring.add(content, digest(content))
    found = [measuring.sizes(digest(content), len(content)) for content in contents]
    measuring.close()
    return found


def test_the_sizes_are_those_of_the_libraries_at_their_highest_levels():
    (found,) = sizes_of([TEXT], NoMemo())

    assert found.raw == len(TEXT)
    assert found.gzip == len(gzip.compress(TEXT, 9, mtime=0))
    assert found.brotli == len(brotli.compress(TEXT, quality=11, lgwin=22))
    assert found.zstd > 0


def test_an_encoding_that_was_not_asked_for_is_not_known():
    (found,) = sizes_of([TEXT], NoMemo(), ("gzip",))

    assert (found.brotli, found.zstd) == (None, None)


def test_a_known_content_is_not_compressed_again():
    memo = Memory()
    first = sizes_of([TEXT, b"", TEXT], memo)

    second = sizes_of([TEXT, b""], memo)

    assert second == first[:2]
    assert memo.hits == 6


@pytest.mark.parametrize("planted", [b"", b"-4", b"many", b"9" * 40])
def test_a_remembered_size_that_is_none_is_measured_anew(planted):
    memo = Memory()
    honest = sizes_of([TEXT], memo)
    memo.kept = dict.fromkeys(memo.kept, planted)

    assert sizes_of([TEXT], memo) == honest


def test_the_quick_mode_is_marked_and_remembered_apart():
    exact, quick = brotli_method(), methods(["brotli"], is_quick=True)[0]

    assert quick.compressor.is_estimate
    assert not exact.compressor.is_estimate
    assert exact.key("00") != quick.key("00")


def test_library_and_level_stand_beside_each_number():
    made = gzip_method().compressor

    assert (made.encoding, made.level) == ("gzip", 9)
    assert made.library.startswith("zlib ")


def test_measuring_once_gives_the_same_as_measuring_many():
    assert measure(TEXT, methods(ALL)) == sizes_of([TEXT], NoMemo())[0]
