import os
import threading
import time

import pytest

from buildopt.monitor.journal_watch import JournalWatch

LONG_S = 20.0


@pytest.fixture
def watch(tmp_path):
    watch = JournalWatch(str(tmp_path))
    yield watch
    watch.close()


def test_a_line_that_is_written_ends_the_wait_also_in_a_folder_made_anew(tmp_path, watch):
    journal = tmp_path / "journal"
    for _ in range(2):
        journal.mkdir()
        assert watch.wait(0)
        watch.wait(0.2)  # what came of making the folder
        with open(journal / "events-h-1.log", "wb", buffering=0) as file:
            watch.wait(0.2)
            threading.Timer(0.2, file.write, [b"{}\n"]).start()
            began_s = time.monotonic()
            assert watch.wait(LONG_S)
            assert time.monotonic() - began_s < LONG_S / 2
        os.unlink(file.name)
        journal.rmdir()


def test_nobody_can_tell_of_a_folder_that_is_not_there(watch):
    assert not watch.wait(LONG_S)


def test_who_waits_is_woken_at_the_end(tmp_path, watch):
    (tmp_path / "journal").mkdir()
    threading.Timer(0.1, watch.wake).start()
    began_s = time.monotonic()
    assert watch.wait(LONG_S)
    assert watch.wait(LONG_S)
    assert time.monotonic() - began_s < LONG_S / 2
