"""A full disk, a folder that cannot be written, a line of 100 MB: nothing else is lost."""

import os
import resource
import subprocess
import sys

import pytest

from buildopt.monitor.bookkeeping import LINES_SKIPPED
from buildopt.monitor.importer import Importer
from buildopt.monitor.index import Index
from buildopt.monitor.samples import Writer
from buildopt.monitor.stream import Reader
from tests.unit.monitor.conftest import DAY_NS, NOW_NS, Emitter


def subjects(folder):
    rows = Index(folder).events(types=["buildopt.cache.damage_found"], limit=100_000)
    return [row["data"]["subject"] for row in reversed(rows)]


def mount(folder, *options):
    """A file system in memory there; skips the test where none can be mounted."""
    os.makedirs(folder, exist_ok=True)
    command = ["mount", *options, folder]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")


@pytest.fixture
def small_disk(folder):
    mount(folder, "-t", "tmpfs", "-o", "size=2m", "none")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_line_of_100_megabytes_takes_neither_memory_nor_other_lines(folder, emitter):
    emitter.event("a")
    with open(emitter.path(), "ab") as segment:
        segment.write(b"\n100000000 01234567 ")
        segment.flush()
        os.ftruncate(segment.fileno(), segment.tell() + 100_000_000)
    importer = Importer(folder)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    importer.catch_up()  # as long as the line has no end
    emitter.event("b")
    importer.catch_up()
    importer.close()

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 40_000
    assert subjects(folder) == ["a", "b"]
    (told,) = Index(folder).events(types=[LINES_SKIPPED])
    assert (told["data"]["trouble"], told["data"]["lines"]) == ("too_long", 1)


def test_a_full_disk_keeps_what_was_written_and_goes_on_when_there_is_room(small_disk):
    emitter = Emitter(small_disk)
    importer = Importer(small_disk)
    emitter.event("first")
    importer.catch_up()
    ballast = os.path.join(small_disk, "ballast")
    with open(ballast, "wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(b"x" * 4_096)
    number = 0
    while not emitter.journal.lost_events:
        emitter.event(f"e{number}")
        number += 1
    assert emitter.samples.append("system", NOW_NS, {"load": 1}) is False

    importer.catch_up()
    os.unlink(ballast)
    emitter.event("last")
    importer.catch_up()
    importer.close()

    assert emitter.journal.lost_events == 0
    assert emitter.samples.lost_samples == 1
    assert subjects(small_disk) == ["first", *(f"e{n}" for n in range(number)), "last"]


def test_a_reader_leaves_no_file_whose_end_it_cannot_write_down(small_disk):
    emitter = Emitter(small_disk)
    emitter.event("a")
    emitter.event("b", NOW_NS + DAY_NS)
    ballast = os.path.join(small_disk, "ballast")
    with open(ballast, "wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(b"x" * 4_096)
    reader = Reader(small_disk)
    live, after = reader.read()
    os.unlink(ballast)
    emitter.event("late")
    more, _ = reader.read(after)

    assert [s.event.data["subject"] for s in live] == ["a"]
    assert [s.event.data["subject"] for s in more] == ["late", "b"]


def test_a_folder_that_cannot_be_written_is_told_and_loses_nothing(folder, emitter):
    emitter.event("a")
    mount(folder, "--bind", folder)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        importer = Importer(folder)
        writer = Writer(folder)

        assert importer.catch_up() == 0
        assert "index.sqlite" in importer.trouble
        assert writer.append("system", NOW_NS, {"load": 1}) is False
        emitter.event("b")
        assert emitter.journal.lost_events == 1
    finally:
        subprocess.run(["umount", "-l", folder], check=True)

    emitter.event("c")
    importer.catch_up()
    importer.close()
    assert not importer.trouble
    assert subjects(folder) == ["a", "b", "c"]


ENDLESS = """
import os, sys
from buildopt.monitor.importer import Importer
importer = Importer(sys.argv[1])
print(importer.catch_up(), importer.trouble)
"""


def test_a_journal_that_is_no_folder_or_holds_one_is_survived(tmp_path):
    (tmp_path / "journal").write_text("a file")
    (tmp_path / "other" / "journal" / "events-h-20261129.log").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "other"):
        done = subprocess.run(
            [sys.executable, "-c", ENDLESS, str(folder)], capture_output=True, text=True, timeout=30
        )

        assert done.returncode == 0, done.stderr


def test_clocks_that_jump_lose_no_event(folder, emitter):
    importer = Importer(folder)
    hours = (0, 5, -300, 40, 100_000, 1, -5, 40, 2_000_000, 0)
    for number, hour in enumerate(hours):
        now_ns = max(0, NOW_NS + hour * 3_600 * 10**9)
        emitter.event(f"e{number}", now_ns)
        emitter.sample(number, now_ns)
        importer.catch_up()
    importer.close()

    assert sorted(subjects(folder)) == [f"e{number}" for number in range(len(hours))]
    assert Index(folder).events(limit=100, types=[LINES_SKIPPED]) == []
