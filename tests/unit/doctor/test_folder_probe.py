"""What writing to a folder shows, and that nothing stays behind."""

import os
import time

import pytest

from buildopt.doctor import folder_probe
from buildopt.doctor.folder_probe import look_at_folder, probe_folder


def probe(path, *, private=None, clock=time.time):
    return probe_folder(str(path), private=str(private or path), clock=clock)


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path):
    (tmp_path / "kept").write_bytes(b"12345")
    tmp_path.chmod(0o750)

    found = probe(tmp_path)

    assert os.listdir(tmp_path) == ["kept"]
    assert (found.exists, found.trouble, found.mode) == (True, "", 0o750)
    assert (found.owner_uid, found.used_bytes) == (os.getuid(), 5)
    assert found.free_bytes > 0


def test_a_missing_folder_is_tried_at_its_nearest_ancestor_and_not_made(tmp_path):
    found = probe(tmp_path / "a" / "b", private=tmp_path / "a" / "b" / "v1")

    assert os.listdir(tmp_path) == []
    assert (found.exists, found.trouble, found.mode, found.owner_uid) == (False, "", None, None)


def test_the_private_folder_is_the_one_whose_mode_is_told(tmp_path):
    private = tmp_path / "v1"
    private.mkdir()
    tmp_path.chmod(0o755)
    private.chmod(0o700)

    assert probe(tmp_path, private=private).mode == 0o700


def test_a_file_in_the_folders_place_is_the_trouble(tmp_path):
    (tmp_path / "cache").write_text("not a folder")

    for path in (tmp_path / "cache", tmp_path / "cache" / "below"):
        assert probe(path).trouble == "Not a directory"


def test_a_link_to_nowhere_is_the_trouble(tmp_path):
    (tmp_path / "cache").symlink_to(tmp_path / "gone")

    assert probe(tmp_path / "cache").trouble == "No such file or directory"


def test_nothing_can_be_made_in_a_pseudo_file_system():
    assert probe("/proc/cache").trouble


def test_a_full_disk_is_the_trouble_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder_probe.files, "publish", full)

    found = probe(tmp_path)

    assert found.trouble == "No space left on device"
    assert os.listdir(tmp_path) == []


def test_a_file_of_now_is_neither_ahead_nor_behind(tmp_path):
    assert abs(probe(tmp_path).ahead_s) < 1


@pytest.mark.parametrize("ahead_s", [3600, -3600])
def test_another_clock_than_ours_is_told_by_a_files_time(tmp_path, ahead_s):
    found = probe(tmp_path, clock=lambda: time.time() - ahead_s)

    assert found.ahead_s == pytest.approx(ahead_s, abs=60)


def test_a_folder_that_is_only_looked_at_is_not_written(tmp_path):
    before = tmp_path.stat().st_mtime_ns

    found = look_at_folder(str(tmp_path))

    assert tmp_path.stat().st_mtime_ns == before
    assert (found.ahead_s, found.has_reflinks, found.exists) == (None, None, True)
