import gzip
import io
import tarfile
import time
import zipfile

import pytest

from buildopt.difference import difference_of

NOW_S = 1_764_012_345.0


def zipped(*members, moment=(2026, 11, 24, 12, 0, 0)):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, moment), content)
    return file.getvalue()


def tarred(*members, mtime=0, header=0):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), mtime
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(file.getvalue(), mtime=header)


def test_equal_contents_have_no_difference():
    assert difference_of(b"same", b"same") is None


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        (b"built 2026-11-24T10:00:01Z", b"built 2026-11-24T10:00:02Z", "time stamp"),
        (b"at 10:00:01.123456 ok", b"at 10:00:01.223456 ok", "time stamp"),
        (b"t=1764012345;", b"t=1764012399;", "time stamp"),
        (b"t=1764012345123;", b"t=1764012399456;", "time stamp"),
        (b"x\x00\x39\x8a\x24\x69\x00", b"x\x00\x40\x8a\x24\x69\x00", "time stamp"),
        (b"in /tmp/tmpa1/x.c:1", b"in /tmp/tmpb2/x.c:1", "path"),
        (b"a\nb\nc\n", b"b\na\nc\n", "order"),
        (b"{a:1,b:2}", b"{b:2,a:1}", "order"),
        (b"id 3f2a9c1b77de0011", b"id 9f2a9c1b77de0044", "random"),
        (b"3 modules", b"4 modules", "other"),
        (b"a+b", b"a-b", "other"),
        (b"\x00\x01", b"\x00\x02", "other"),
        (b"short", b"short and longer", "other"),
        (b"", b"something", "other"),
    ],
)
def test_cause_is_told_from_what_stands_there(before, after, cause):
    assert difference_of(before, after, NOW_S).cause == cause


def test_date_beside_the_difference_is_not_its_cause():
    found = difference_of(b"2026-11-24 count 3", b"2026-11-24 count 4", NOW_S)

    assert (found.cause, found.offset) == ("other", 17)


@pytest.mark.parametrize("at", [0, 1, 999, 500_000, 999_999])
def test_offset_is_that_of_the_first_differing_byte(at):
    before = bytes(1_000_000)
    after = before[:at] + b"\x01" + before[at + 1 :]

    assert difference_of(before, after, NOW_S).offset == at


def test_archive_names_the_member_that_differs():
    found = difference_of(
        zipped(("a", b"same"), ("b", b"one x")), zipped(("a", b"same"), ("b", b"one y")), NOW_S
    )

    assert (found.member, found.offset, found.cause) == ("b", 4, "other")


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        (zipped(("a", b"1"), ("b", b"2")), zipped(("b", b"2"), ("a", b"1")), "order"),
        (zipped(("a", b"1")), zipped(("a", b"1"), moment=(2026, 11, 24, 12, 0, 2)), "time stamp"),
        (zipped(("a", b"1")), zipped(("a", b"1"), ("b", b"2")), "other"),
        (tarred(("a", b"1")), tarred(("a", b"1"), mtime=5), "time stamp"),
        (tarred(("a", b"1")), tarred(("a", b"1"), header=5), "time stamp"),
        (gzip.compress(b"1", mtime=1), gzip.compress(b"1", mtime=2), "time stamp"),
        (b"PK\x03\x04 broken 1", b"PK\x03\x04 broken 2", "other"),
        (b"\x1f\x8b broken 1", b"\x1f\x8b broken 2", "other"),
    ],
)
def test_archives_are_compared_by_what_is_in_them(before, after, cause):
    assert difference_of(before, after, NOW_S).cause == cause


def test_a_large_file_is_compared_in_no_time_that_counts():
    before = bytes(64_000_000)

    assert difference_of(before, before[:-1] + b"\x01", time.time()).offset == 63_999_999
