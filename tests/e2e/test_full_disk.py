"""A project on a disk that is full, where a script ends with status 0 though its write failed."""

import os
import subprocess

import pytest

OBSERVE = "auto"
BUILD = ("--", "sh", "-c", "head -c 600000 /dev/zero > big; echo done")


@pytest.fixture
def disk(rig):
    """The project on a disk of 1 MB; the file that fills it stands in the project too."""
    line = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(rig.root)]
    if os.geteuid() or subprocess.run(line, capture_output=True, check=False).returncode:
        pytest.skip("a file system cannot be mounted here")
    yield rig.root
    subprocess.run(["umount", "--lazy", str(rig.root)], check=True)


def fill(disk):
    with (disk / "fill").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def test_run_on_a_full_disk_is_not_stored_and_the_good_record_stays(rig, disk):
    assert rig.run(*BUILD).outcome == "executed"
    (disk / "big").unlink()
    fill(disk)

    done = rig.run(*BUILD)

    assert "its outputs cannot be given back: `No space left on device`" in done.line
    assert "no space left`" in done.line
    (disk / "fill").unlink()
    assert rig.run(*BUILD).outcome == "restored"
    assert len(rig.read("big")) == 600_000
