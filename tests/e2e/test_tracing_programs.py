"""Real programs that declare nothing: what they look for, read and rewrite is found out."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.e2e.tracing_rig import needs, python, settled

OBSERVE = "auto"


def edit_keeping_times(path, content):
    before = path.stat()
    path.write_text(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("command", "appearing"),
    [
        ("require('./m')", "m.js"),
        ("require('./m')", "m.json"),
        ("require('./m')", "m/package.json"),
        ("require('dep')", "src/node_modules/dep/index.js"),
    ],
)
def test_node_module_that_shadows_is_a_miss(rig, command, appearing):
    needs("node")
    contents = {
        "m.js": "console.log('new')",
        "m.json": "{}",
        "m/package.json": '{"main": "other.js"}',
        "src/node_modules/dep/index.js": "console.log('new')",
    }
    rig.write("m/index.js", "console.log('old')")
    rig.write("m/other.js", "console.log('new')")
    rig.write("node_modules/dep/index.js", "console.log('old')")
    rig.write("src/main.js", command.replace("./m", "../m"))
    run = ("--", "node", "src/main.js")
    assert settled(rig, *run).out == b"old\n"

    rig.write(appearing, contents[appearing])

    done = rig.run(*run)
    assert done.outcome == "executed"
    assert done.out == (b"" if appearing == "m.json" else b"new\n")


def test_node_that_wants_to_read_through_a_ring_is_observed(rig):
    needs("node")
    rig.environ["UV_USE_IO_URING"] = "1"
    rig.write("a", "1")
    rig.write("main.js", "require('fs').promises.readFile('a', 'utf8').then(console.log)")
    assert settled(rig, "--", "node", "main.js").out == b"1\n"

    rig.write("a", "2")

    done = rig.run("--", "node", "main.js")
    assert (done.out, done.reasons) == (b"2\n", [("file-changed", "a")])


def test_python_module_with_a_warm_cache_that_is_only_looked_at(rig):
    rig.write("m.py", "print(1)\n")
    run = ("--", sys.executable, "-c", "import m")
    settled(rig, *run)
    assert (rig.root / "__pycache__").is_dir()

    module = rig.write("m.py", "print(2)\n")
    os.utime(module, (2_000_000_000, 2_000_000_000))  # Python compares whole seconds

    done = rig.run(*run)
    assert (done.out, done.reasons) == (b"2\n", [("file-changed", "m.py")])


def test_make_that_compares_times_sees_every_edit(rig):
    needs("make")
    rig.write("Makefile", "all: x y\nx: a\n\tcp a x\ny: b\n\tcp b y\n")
    rig.write("a", "1")
    rig.write("b", "1")
    settled(rig, "--", "make", "all")
    rig.write("a", "2")
    rig.run("--", "make", "all")

    rig.write("b", "2")

    assert rig.run("--", "make", "all").outcome == "executed"
    assert (rig.read("x"), rig.read("y")) == (b"2", b"2")


def test_compiled_project_follows_an_edit_and_its_undoing(rig):
    needs("make", "gcc")
    rig.write("Makefile", "main: main.o\n\tgcc -o $@ $^\nmain.o: main.c n.h\n\tgcc -c main.c\n")
    rig.write("main.c", '#include "n.h"\nint main(void) { return N; }\n')
    rig.write("n.h", "#define N 1\n")
    settled(rig, "--", "make")
    first = rig.tree()
    rig.write("n.h", "#define N 2\n")
    assert rig.run("--", "make").outcome == "executed"
    assert subprocess.run([rig.root / "main"], check=False).returncode == 2

    rig.write("n.h", "#define N 1\n")

    rig.run("--", "make")
    assert subprocess.run([rig.root / "main"], check=False).returncode == 1
    for name in ("main", "main.o", "n.h"):
        (rig.root / name).unlink()
    rig.write("n.h", "#define N 1\n")
    assert rig.run("--", "make").outcome == "restored"
    assert rig.tree().keys() == first.keys()


READERS = {
    "a raw system call": """
        import ctypes, os
        number = {"x86_64": 257, "aarch64": 56}[os.uname().machine]
        file = ctypes.CDLL(None).syscall(number, -100, b"a", 0, 0)
        print(os.read(file, 9))
    """,
    "a mapping": """
        import mmap
        with open("a", "rb") as file:
            print(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)[:])
    """,
    "posix_spawn": """
        import os
        os.waitpid(os.posix_spawnp("cat", ["cat", "a"], os.environ), 0)
    """,
    "vfork": """
        import subprocess
        subprocess.run(["cat", "a"], close_fds=False)
    """,
    "an emptied environment": """
        import os
        os.execve("/bin/sh", ["sh", "-c", "cat a"], {})
    """,
    "a folder's descriptor": """
        import os
        folder = os.open(".", os.O_PATH)
        os.chdir("/")
        print(os.read(os.open("a", os.O_RDONLY, dir_fd=folder), 9))
    """,
    "a thread": """
        from threading import Thread
        Thread(target=lambda: print(open("a").read())).start()
    """,
}


@pytest.mark.parametrize("way", READERS)
def test_input_counts_by_whatever_way_it_is_read(rig, way):
    rig.write("a", "1")
    run = python(rig, READERS[way])
    assert b"1" in settled(rig, *run).out

    rig.write("a", "2")

    done = rig.run(*run)
    assert done.reasons == [("file-changed", "a")]
    assert b"2" in done.out


def test_tool_that_appears_earlier_on_the_path_is_a_miss(rig):
    rig.write("one/.keep")
    rig.script("two/tool", "echo old")
    rig.environ["PATH"] = f"{rig.root}/one:{rig.root}/two:{rig.environ['PATH']}"
    assert settled(rig, "--", "sh", "-c", "tool").out == b"old\n"

    rig.script("one/tool", "echo new")

    assert rig.run("--", "sh", "-c", "tool").out == b"new\n"


@pytest.mark.parametrize("keeps_times", [True, False])
def test_tool_that_is_upgraded_in_place_is_a_miss(rig, keeps_times):
    tool = rig.script("tool", "echo old")
    assert settled(rig, "--", "sh", "-c", "./tool").out == b"old\n"

    if keeps_times:
        edit_keeping_times(tool, "#!/bin/sh\necho new")
    else:
        rig.script("tool", "echo new")

    done = rig.run("--", "sh", "-c", "./tool")
    assert (done.out, done.reasons) == (b"new\n", [("tool-changed", "tool")])


@pytest.mark.parametrize("line", ["#!{root}/bin/interpreter", "#!/usr/bin/env interpreter"])
def test_interpreter_that_is_replaced_is_a_miss(rig, line):
    rig.script("bin/interpreter", "echo old")
    rig.environ["PATH"] = f"{rig.root}/bin:{rig.environ['PATH']}"
    rig.write("script", line.format(root=rig.root) + "\n", 0o755)
    assert settled(rig, "--", "./script").out == b"old\n"

    rig.script("bin/interpreter", "echo new")

    assert rig.run("--", "./script").out == b"new\n"


SETUP = "from setuptools import setup\nsetup(name='pkg', version='1', py_modules=['pkg'])\n"


def test_packaging_that_rewrites_its_own_list_settles(rig):
    run = ("--", sys.executable, "setup.py", "-q", "egg_info")
    rig.write("setup.py", SETUP)
    rig.write("pkg.py", "")
    plain, _ = rig.always_rebuild(*run[1:])
    if plain.returncode != 0:
        pytest.skip("setuptools is not installed")
    rig.run(*run)
    made = rig.tree("pkg.egg-info")
    assert settled(rig, *run).outcome == "fresh"

    shutil.rmtree(rig.root / "pkg.egg-info")

    assert rig.run(*run).outcome == "restored"
    assert rig.tree("pkg.egg-info") == made


TEST_RUN = ("--", sys.executable, "-m", "pytest", "-q")


def test_test_run_that_leaves_caches_and_temporary_folders_is_a_hit(rig):
    rig.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    rig.write("pkg.py", "def one():\n    return 1\n")
    rig.write("test_pkg.py", "import pkg\ndef test_one(tmp_path):\n    assert pkg.one() == 1\n")
    first = rig.run(*TEST_RUN)
    assert first.status == 0
    assert settled(rig, *TEST_RUN).status == 0

    rig.write("pkg.py", "def one():\n    return 1 + 0\n")

    assert rig.run(*TEST_RUN).reasons == [("file-changed", "pkg.py")]


def test_test_run_of_what_failed_last_is_a_miss_after_other_failures(rig):
    rig.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    rig.write("test_pkg.py", "import os\ndef test_a():\n    pass\ndef test_b():\n    pass\n")
    last_failed = (*TEST_RUN, "--lf")
    rig.run(*last_failed)
    rig.run(*last_failed)

    rig.write(".pytest_cache/v/cache/lastfailed", '{"test_pkg.py::test_b": true}')

    done = rig.run(*last_failed)
    assert done.outcome == "executed"
    assert b"1 passed" in done.out
