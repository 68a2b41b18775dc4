"""Which mount holds a path."""

import os

from buildopt.doctor.mounts import find_mount, mount_of

LINES = [
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n",
    "40 27 0:50 / /home rw shared:7 - nfs4 server:/export/home rw\n",
    "41 27 8:1 / /home/ann/my\\040disk rw - xfs /dev/sdb1 rw\n",
    "42 27 0:60 /sub /data rw - btrfs /dev/sdc rw\n",
    "not a mount\n",
]


def found(path, device):
    mount = find_mount(path, device, LINES)
    return (mount.kind, mount.point) if mount else None


def test_the_deepest_mount_above_a_path_holds_it():
    assert found("/home/ann/src", os.makedev(0, 50)) == ("nfs4", "/home")
    assert found("/homes", os.makedev(254, 0)) == ("ext4", "/")
    assert found("/data", os.makedev(0, 60)) == ("btrfs", "/data")


def test_escaped_characters_of_a_place_are_undone():
    assert found("/home/ann/my disk/x", os.makedev(8, 1)) == ("xfs", "/home/ann/my disk")


def test_a_subvolume_whose_number_has_no_line_is_found_by_its_place():
    assert found("/data/snapshot/x", os.makedev(0, 61)) == ("btrfs", "/data")


def test_of_mounts_on_each_other_the_last_one_holds():
    lines = [*LINES, "43 40 0:70 / /home rw - tmpfs tmpfs rw\n"]

    assert find_mount("/home/x", os.makedev(0, 70), lines).kind == "tmpfs"
    assert find_mount("/home/x", os.makedev(9, 9), lines).kind == "tmpfs"


def test_no_lines_tell_of_no_mount():
    assert find_mount("/home", 1, []) is None


def test_this_machine_tells_where_a_folder_is(tmp_path):
    mount = mount_of(str(tmp_path), tmp_path.stat().st_dev)

    assert str(tmp_path).startswith(mount.point)
    assert mount.kind
