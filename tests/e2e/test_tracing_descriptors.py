"""Traced: inputs whose path is told by a descriptor, by `/proc/self` or by an unusual thread."""

import subprocess

import pytest

from tests.e2e.tracing_rig import needs, python, shell

OBSERVE = "auto"

BY_OWN_WAY = """
    import os

    os.chdir("sub")
    folder = os.open(".", os.O_RDONLY)
    os.chdir({cwd!r})
    print(open({path!r}.format(folder)).read())
"""

BESIDE_AN_OPEN_FOLDER = """
    import ctypes, os

    AT_EMPTY_PATH = 0x1000
    folder = os.open("sub", os.O_RDONLY)
    libc = ctypes.CDLL(None)
    status = ctypes.create_string_buffer(256)
    if {call!r} == "fstatat":
        failed = libc.fstatat(folder, b"new", status, AT_EMPTY_PATH)
    else:
        failed = libc.statx(folder, b"new", AT_EMPTY_PATH, 0xFFF, status)
    print(failed)
"""

LONE_THREAD = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int has_moved, is_over;

static int move(void *_) {
    syscall(SYS_chdir, "sub");
    syscall(SYS_openat, AT_FDCWD, "nothing", O_RDONLY, 0);
    has_moved = 1;
    while (!is_over) sched_yield();
    return syscall(SYS_exit, 0);
}

int main(void) {
    char text[9] = {0};
    clone(move, (char *)malloc(1 << 20) + (1 << 20),
          CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FILES, 0);
    while (!has_moved) sched_yield();
    read(open("a", O_RDONLY), text, 8);
    puts(text);
    fflush(stdout);
    is_over = 1;
    _exit(0);
}
"""


@pytest.mark.parametrize(
    ("cwd", "path"),
    [
        ("/", "proc/self/fd/{}/a"),
        ("sub", "//proc/self/cwd/a"),
        ("sub", "/./proc/self/cwd/a"),
        ("sub", "/usr/../proc/self/cwd/a"),
        ("/proc", "self/fd/{}/../sub/a"),
        ("sub", "/proc/self/cwd/../sub/a"),
    ],
)
def test_way_through_the_process_itself_leads_to_the_input(rig, cwd, path):
    rig.write("sub/a", "one\n")
    cwd = "." if cwd == "sub" else cwd
    command = python(rig, BY_OWN_WAY.format(cwd=cwd, path=path))
    assert rig.run(*command).out == b"one\n\n"
    rig.write("sub/a", "two\n")

    done = rig.run(*command)

    assert (done.out, done.reasons) == (b"two\n\n", [("file-changed", "sub/a")])


@pytest.mark.parametrize("target", ["/proc/self/cwd/a", "/proc/thread-self/cwd/a"])
def test_link_to_what_is_another_file_for_each_process(rig, target):
    rig.write("sub/a", "one\n")
    rig.write("a", "other\n")
    (rig.root / "link").symlink_to(target)
    command = shell("cat link; cd sub; cat ../link")
    assert rig.run(*command).out == b"other\none\n"
    rig.write("sub/a", "two\n")

    done = rig.run(*command)

    assert (done.out, done.reasons) == (b"other\ntwo\n", [("file-changed", "sub/a")])


@pytest.mark.parametrize("call", ["fstatat", "statx"])
def test_name_that_comes_with_leave_to_be_empty_is_looked_for(rig, call):
    rig.write("sub/a")
    command = python(rig, BESIDE_AN_OPEN_FOLDER.format(call=call))
    assert rig.run(*command).out == b"-1\n"
    rig.write("sub/new")

    done = rig.run(*command)

    assert (done.out, done.reasons) == (b"0\n", [("file-appeared", "sub/new")])


def test_thread_with_a_working_directory_of_its_own_misleads_nobody(rig):
    needs("gcc")
    rig.write("sub/a", "other")
    rig.write("a", "one")
    source = rig.place / "lone.c"
    source.write_text(LONE_THREAD)
    subprocess.run(["gcc", "-w", "-o", rig.root / "lone", source], check=True)
    assert rig.run("--", "./lone").out == b"one\n"
    rig.write("a", "two")

    done = rig.run("--", "./lone")

    assert (done.out, done.reasons) == (b"two\n", [("file-changed", "a")])
