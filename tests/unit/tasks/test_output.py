"""What several tasks print: kept apart, in order, and written without anybody waiting."""

import errno
import fcntl
import os

import pytest

from buildopt.tasks.groups import grouped
from buildopt.tasks.prefixed import prefixed_outlets
from buildopt.tasks.printer import Printer
from buildopt.tasks.spool import PIECE_BYTES, Spool


def joined(pieces, target):
    return b"".join(data for number, data in pieces if number == target)


def test_spool_gives_back_all_in_order_and_leaves_no_file(tmp_path):
    spool = Spool({"TMPDIR": str(tmp_path)})
    one, two = spool.outlet_to(1), spool.outlet_to(2)
    one.send(b"a")
    two.send(b"b" * (3 * PIECE_BYTES + 7))
    one.send(b"c")

    pieces = list(spool.pieces())

    assert pieces[0] == (1, b"a")
    assert pieces[-1] == (1, b"c")
    assert joined(pieces, 2) == b"b" * (3 * PIECE_BYTES + 7)
    assert not list(tmp_path.iterdir())


def test_spool_does_without_a_folder_for_temporary_files(tmp_path):
    spool = Spool({"TMPDIR": str(tmp_path / "gone")})
    spool.outlet_to(1).send(b"a")

    assert list(spool.pieces()) == [(1, b"a")]


def test_spool_keeps_in_memory_what_a_full_disk_does_not_take(tmp_path, monkeypatch):
    spool = Spool({"TMPDIR": str(tmp_path)})
    spool.add(1, b"a")

    def write_a_part(descriptor, data):
        monkeypatch.undo()
        os.write(descriptor, data[:7])
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("buildopt.tasks.spool.write_all", write_a_part)
    spool.add(2, b"bcdef")
    spool.add(1, b"g")

    assert not spool.is_lost
    assert list(spool.pieces()) == [(1, b"a"), (2, b"bcdef"), (1, b"g")]


def test_printer_keeps_the_order_between_two_streams_while_one_reader_waits(monkeypatch):
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    printer = Printer()
    other = os.dup(writer)  # the same pipe under another number, as with `2>&1`
    parts = [(writer, b"1" * 3 * size), (other, b"2"), (writer, b"3")]

    printer.show(parts)

    assert not printer.is_idle
    seen = b""
    while not printer.is_idle:
        seen += os.read(reader, size)
        printer.work()
    os.set_blocking(reader, False)
    try:
        seen += os.read(reader, size)
    except BlockingIOError:
        pass
    printer.close()
    for descriptor in (reader, writer, other):
        os.close(descriptor)
    assert seen == b"1" * 3 * size + b"23"


def test_printer_says_that_nobody_reads_and_goes_on():
    reader, writer = os.pipe()
    os.close(reader)
    printer = Printer()

    printer.show([(writer, b"a"), (writer, b"b")])

    assert printer.is_idle
    assert printer.is_broken
    printer.close()
    os.close(writer)


@pytest.mark.parametrize(
    ("pieces", "is_joined", "expected"),
    [
        ([(1, b"a\n")], True, [(2, b"head\n"), (1, b"a\n")]),
        ([(1, b"a")], True, [(2, b"head\n"), (1, b"a"), (2, b"\n")]),
        ([(1, b"a")], False, [(2, b"head\n"), (1, b"a")]),
        ([(2, b"a")], False, [(2, b"head\n"), (2, b"a"), (2, b"\n")]),
    ],
)
def test_group_has_a_head_and_the_next_line_of_ours_begins_anew(pieces, is_joined, expected):
    assert list(grouped("head", pieces, in_github=False, joined=is_joined)) == expected


def test_group_of_github_is_closed_on_a_line_of_its_own():
    group = list(grouped("head", [(1, b"a")], in_github=True, joined=False))

    assert joined(group, 1) == b"::group::head\na\n::endgroup::\n"


def test_each_line_of_tasks_side_by_side_has_its_task_before_it():
    reader, writer = os.pipe()
    outlet = prefixed_outlets("web ")(writer)
    for part in (b"one\ntw", b"o\n", b"", b"rest"):
        outlet.send(part)
    outlet.close()
    os.close(writer)

    assert os.read(reader, 1000) == b"web  | one\nweb  | two\nweb  | rest\n"
    os.close(reader)
