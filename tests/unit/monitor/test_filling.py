import os
import time

from buildopt.events import CacheEvicted
from buildopt.journal import Journal
from buildopt.monitor.filling import Filling
from buildopt.monitor.importer import Importer
from buildopt.monitor.index import Index

EVENT = CacheEvicted(records=1, files=1, bytes_freed=1, limit_bytes=1)


def journal(folder):
    return Journal(state=os.fsencode(folder), source="/h/p/1", run_id="r")


def wait_until(what, for_s=20.0):
    until_s = time.monotonic() + for_s
    while not what():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_what_is_told_is_in_the_index_soon_and_the_rest_when_it_ends(tmp_path):
    writer = journal(tmp_path)
    filling = Filling(Importer(str(tmp_path)), period_s=0.02)
    filling.start()
    writer.append(EVENT)
    filling.tell()
    index = Index(str(tmp_path))
    wait_until(lambda: len(index.events()) == 1)
    writer.append(EVENT)
    writer.append(EVENT)

    assert filling.stop(10)
    assert len(index.events()) == 3
    index.close()


def test_a_folder_that_cannot_be_written_is_trouble_and_no_end(tmp_path):
    (tmp_path / "index.sqlite").mkdir()
    filling = Filling(Importer(str(tmp_path)), period_s=0.01)
    filling.start()
    wait_until(lambda: filling.trouble)
    (tmp_path / "index.sqlite").rmdir()
    wait_until(lambda: not filling.trouble)

    assert filling.stop(10)


def test_hourly_work_is_done_once_an_hour_and_its_trouble_is_told(tmp_path):
    done = []

    def broken(now_ns):
        raise OSError("no room")

    filling = Filling(Importer(str(tmp_path)), (done.append, broken), period_s=0.01)
    filling.start()
    wait_until(lambda: filling.trouble)
    time.sleep(0.1)

    assert filling.stop(10)
    assert len(done) in (1, 2)  # 2: an hour has just begun
    assert done[0] % 3_600_000_000_000 == 0
    assert filling.trouble == "hourly work: OSError: no room"
