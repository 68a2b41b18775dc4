"""A file that a person named keeps what it had where the new content cannot be written."""

import resource
import signal
import sys

import pytest

from monitor_plugins.baseline.whole_file import put_whole


@pytest.fixture
def small_files(monkeypatch):
    """Files may hold 10 bytes: a disk that is full."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # Python would leave a part of a module
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_what_was_there_stays_on_a_full_disk(tmp_path, small_files):
    path = tmp_path / "history.json"
    path.write_text("before")

    with pytest.raises(OSError, match="too large"):
        put_whole(str(path), "x" * 100)

    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_written_through_and_modes_stay(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("before")
    target.chmod(0o640)
    link.symlink_to(target)

    put_whole(str(link), "through")
    assert link.is_symlink() and target.read_text() == "through"
    put_whole(str(target), "after")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("after", 0o640)
