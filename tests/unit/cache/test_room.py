"""When a disk counts as full."""

import os
from types import SimpleNamespace

import pytest

from buildopt.cache.room import full_folder

USUAL = {
    "f_blocks": 1000, "f_frsize": 4096, "f_bfree": 500, "f_bavail": 400,
    "f_files": 100, "f_ffree": 50, "f_flag": 0,
}  # fmt: skip


@pytest.fixture
def disks(monkeypatch):
    """What is told of each folder's disk, beside the usual."""
    told = {}
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "statvfs", lambda folder: SimpleNamespace(**USUAL | told[folder]))
    return told


@pytest.mark.parametrize("numbers", [{"f_bavail": 0}, {"f_bavail": 15}, {"f_ffree": 0}])
def test_disk_without_room_for_a_block_or_a_file_is_full(disks, numbers):
    disks |= {"/a": {}, "/b": numbers}

    assert full_folder("/a", "/b") == "/b"


@pytest.mark.parametrize(
    "numbers",
    [{}, {"f_blocks": 0, "f_bavail": 0}, {"f_files": 0, "f_ffree": 0},
     {"f_bavail": 0, "f_flag": os.ST_RDONLY}],
)  # fmt: skip
def test_disk_that_tells_no_numbers_or_takes_no_writes_is_not_full(disks, numbers):
    disks["/a"] = numbers

    assert full_folder("/a") == ""


def test_what_is_kept_for_root_is_free_for_root(disks, monkeypatch):
    disks["/a"] = {"f_bavail": 0}
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert full_folder("/a") == ""


def test_folder_that_is_gone_is_not_full(tmp_path):
    assert full_folder(str(tmp_path / "gone")) == ""
