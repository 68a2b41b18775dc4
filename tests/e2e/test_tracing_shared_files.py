"""Traced: outputs with further names or other owners, and what stands where an output was."""

import os
import shutil
import subprocess

import pytest

from tests.e2e.tracing_rig import needs, python, run_as_rebuilt, shell

OBSERVE = "auto"
NOBODY = 65534
OPEN_WITHOUT_LINKS = """
    import ctypes, os, struct

    how = struct.pack("QQQ", os.O_RDONLY, 0, {resolve})
    opened = ctypes.CDLL(None).syscall(437, -100, b"d/a", how, len(how))
    print(os.read(opened, 9) if opened >= 0 else "refused")
"""


def relink(rig):
    """Two names of one file again, as before a run."""
    for name in ("a", "b"):
        (rig.root / name).unlink(missing_ok=True)
    rig.write("a", "5\n")
    os.link(rig.root / "a", rig.root / "b")


@pytest.mark.parametrize("command", ["echo 2 > b", "echo 2 >> b", "chmod +x b"])
def test_file_whose_other_name_no_output_has_is_changed_by_both(rig, command):
    relink(rig)
    done = rig.run(*shell(command))
    assert done.not_stored == [("incomplete", "b")]
    relink(rig)

    rig.run(*shell(command))

    assert (rig.root / "a").stat().st_ino == (rig.root / "b").stat().st_ino


def test_output_that_got_another_name_since_is_overwritten_by_a_real_run(rig):
    rig.run(*shell("echo 2 > b"))
    relink(rig)

    done = rig.run(*shell("echo 2 > b"))

    assert done.outcome == "executed"
    assert rig.read("a") == b"2\n"


@pytest.mark.parametrize(
    "command",
    [
        "echo 1 > a; ln -f a b; echo 2 >> b",
        "rm -rf dist; mkdir dist; ln src/a dist/a; cp -al src dist/s",
    ],
)
def test_names_that_the_run_itself_gives_hinder_no_record(rig, command):
    rig.write("src/a", "1\n")
    rig.run(*shell(command))
    for made in ("a", "b"):
        (rig.root / made).unlink(missing_ok=True)
    shutil.rmtree(rig.root / "dist", ignore_errors=True)

    done = run_as_rebuilt(rig, command)

    assert done.outcome == "restored"


@pytest.mark.parametrize("put", ["file", "folder"])
def test_what_the_user_put_where_an_output_of_another_kind_was_is_kept(rig, put):
    command = "mkdir d 2>/dev/null; echo x > out; true"
    rig.run(*shell(command))
    rig.run(*shell(command))
    if put == "file":
        (rig.root / "d").rmdir()
        rig.write("d", "mine\n")
    else:
        (rig.root / "out").unlink()
        (rig.root / "out").mkdir()

    done = run_as_rebuilt(rig, command)

    assert done.outcome == "executed"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("command", [f"echo x > out; chown {NOBODY} out", "mkdir out; chgrp 7 out"])
def test_output_that_is_given_to_another_is_not_stored(rig, command):
    done = rig.run(*shell(command))

    assert done.not_stored == [("incomplete", "out")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_run_that_becomes_another_user_is_not_stored(rig):
    needs("setpriv")
    as_nobody = ("setpriv", f"--reuid={NOBODY}", "--clear-groups", "id", "-u")

    done = rig.run("--", *as_nobody)

    assert (done.out, done.not_stored) == (b"65534\n", [("incomplete", "another user")])


@pytest.mark.parametrize("resolve", [0x04, 0x08])
def test_folder_that_becomes_a_link_where_none_is_allowed_is_a_miss(rig, resolve):
    rig.write("d/a", "1")
    command = python(rig, OPEN_WITHOUT_LINKS.format(resolve=resolve))
    assert rig.run(*command).out == b"b'1'\n"
    assert rig.run(*command).outcome == "fresh"
    subprocess.run(["mv", "d", "../moved"], cwd=rig.root, check=True)
    (rig.root / "d").symlink_to(rig.place / "moved")

    done = rig.run(*command)

    assert (done.outcome, done.out) == ("executed", b"refused\n")
