"""Files, folders and links that change between two runs of a command that declares nothing.

The first run makes a record; what the second one does must be right, and leave what a plain run
would have left.
"""

import os
import shutil
import stat
import subprocess

import pytest

from buildopt import hit
from tests.e2e.tracing_rig import needs, run_as_rebuilt, settled, shell

OBSERVE = "auto"


def put_back_times(path, status):
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def edit_keeping_size_and_mtime(path):
    before = path.stat()
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))
    put_back_times(path, before)


def relink(path, target):
    path.unlink()
    path.symlink_to(target)


def edit_and_undo(rig):
    rig.write("a", "other")
    rig.write("a", "one\n")


def relink_folder_to_a_copy(rig):
    shutil.copytree(rig.root / "src", rig.root / "copy")
    relink(rig.root / "folder", "copy")


def replace_linked_folder_by_a_copy(rig):
    (rig.root / "folder").unlink()
    shutil.copytree(rig.root / "src", rig.root / "folder")


def edit_through_the_other_name(rig):
    (rig.root / "hard").write_text("two\n")


@pytest.mark.parametrize(
    ("command", "change", "outcome"),
    [
        ("cat a > out", edit_and_undo, "fresh"),
        ("cat a > out", lambda r: edit_keeping_size_and_mtime(r.root / "a"), "executed"),
        ("cat link > out", lambda r: relink(r.root / "link", "twin"), "executed"),
        ("cat folder/s > out", relink_folder_to_a_copy, "executed"),
        ("cat folder/s > out", replace_linked_folder_by_a_copy, "executed"),
        ("test -s a && echo y; true", lambda r: r.write("a"), "executed"),
        ("ln -sf t new/w 2>/dev/null; true", lambda r: r.write("new/.keep"), "executed"),
        ("cat hard > out", lambda r: r.write("a", "two\n"), "executed"),
        ("cat a > out", edit_through_the_other_name, "executed"),
        ("ls src > src/list", lambda r: None, "fresh"),
        ("ls src > src/list", lambda r: (r.root / "src/list").unlink(), "restored"),
        ("ls /proc > /dev/null; nproc; cat a", lambda r: None, "fresh"),
        ("cat src/../a > out", lambda r: r.write("a", "two\n"), "executed"),
        ("cat folder/../a > out", lambda r: relink(r.root / "folder", "deep/er"), "executed"),
        ("cat '' 2>/dev/null; cat a > out", lambda r: r.write("a", "two\n"), "executed"),
        ("find . -name s > out", lambda r: r.write("new/s"), "executed"),
        ("cp a copy && chmod 600 copy", lambda r: (r.root / "copy").unlink(), "restored"),
        ("cp -p a copy", lambda r: (r.root / "copy").unlink(), "restored"),
        ("cmp a twin && echo same", lambda r: r.write("twin", "two\n"), "executed"),
        ("cat deep/er/* 2>/dev/null; true", lambda r: r.write("deep/er/new", "1"), "executed"),
        ("du -a src > /dev/null; cat a", lambda r: (r.root / "src/s").unlink(), "executed"),
    ],
)
def test_change_between_two_runs(rig, command, change, outcome):
    rig.write("a", "one\n")
    rig.write("twin", "one\n")
    rig.write("src/s", "s")
    rig.write("deep/er/s", "s")
    rig.write("deep/a", "other\n")
    (rig.root / "hard").hardlink_to(rig.root / "a")
    (rig.root / "link").symlink_to("a")
    (rig.root / "folder").symlink_to("src")
    settled(rig, *shell(command))

    change(rig)

    assert run_as_rebuilt(rig, command).outcome == outcome


@pytest.mark.parametrize("fast_path", ["1", "0"])
def test_edit_within_one_tick_of_the_first_run_is_a_miss(rig, fast_path):
    rig.environ["BUILDOPT_FAST_PATH"] = fast_path
    for content in ("1", "2", "3", "4", "5"):
        rig.write("a", content)
        assert rig.run(*shell("cat a > out")).outcome == "executed"
        assert rig.read("out").decode() == content


def test_file_of_another_kind_in_a_listed_folder_counts_by_its_name_alone(rig):
    """A new name that no pattern of the command fits is a needless miss, and documented."""
    rig.write("src/a.txt", "a")
    settled(rig, *shell("cat src/*.txt > out"))

    rig.write("src/z.md")

    assert run_as_rebuilt(rig, "cat src/*.txt > out").reasons == [("listing-changed", "src")]


def test_command_that_sorts_its_input_in_place_settles_after_two_runs(rig):
    rig.write("in", "b\na\n")
    run = ("--", "sort", "in", "-o", "in")

    outcomes = [rig.run(*run).outcome for _ in range(3)]

    assert outcomes == ["executed", "executed", "fresh"]
    rig.write("in", "b\na\n")
    assert rig.run(*run).outcome == "restored"
    assert rig.read("in") == b"a\nb\n"


def test_copy_of_what_is_newer_is_complete_after_all_copies_are_gone(rig):
    command = "mkdir -p dst; cp -u src/* dst/"
    rig.write("src/a", "a")
    rig.write("src/b", "b")
    settled(rig, *shell(command))
    rig.write("src/a", "edited")
    rig.run(*shell(command))

    shutil.rmtree(rig.root / "dst")

    run_as_rebuilt(rig, command)
    assert rig.tree("dst").keys() == {"a", "b"}


def test_failed_move_does_not_hide_what_is_read_afterwards(rig):
    command = "mv c a 2>/dev/null; sort -o a a"
    rig.write("a", "b\na\n")
    settled(rig, *shell(command))

    rig.write("a", "d\nc\n")

    assert run_as_rebuilt(rig, command).outcome == "executed"
    assert rig.read("a") == b"c\nd\n"


def test_outputs_of_every_kind_come_back_as_they_were(rig):
    command = (
        "mkdir -p out/empty out/d; cp a out/run; chmod 755 out/run; ln -s run out/link;"
        " ln -s nowhere out/dangling; cp a out/d/one; ln out/d/one out/d/two; : > out/nothing;"
        " cp a out/secret; chmod 600 out/secret; chmod 700 out/empty; echo said; echo err >&2"
    )
    rig.write("a", "1")
    first = rig.run(*shell(command))
    made = rig.tree("out")

    shutil.rmtree(rig.root / "out")
    again = rig.run(*shell(command))

    assert again.outcome == "restored"
    assert rig.tree("out") == made
    assert (again.out, again.err) == (first.out, first.err)


@pytest.mark.parametrize("times_ns", [0, 4_000_000_000_000_000_000], ids=["1970", "2096"])
def test_time_of_a_file_does_not_decide(rig, times_ns):
    rig.write("a", "1")
    os.utime(rig.root / "a", ns=(times_ns, times_ns))
    settled(rig, *shell("cat a > out"))

    rig.write("a", "2")
    os.utime(rig.root / "a", ns=(times_ns, times_ns))

    assert run_as_rebuilt(rig, "cat a > out").outcome == "executed"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({"user.note": b"1"}, {}),
        ({"user.note": b"1"}, {"user.note": b"2"}),
        ({"user.note": b"1"}, {"user.more": b"1"}),
        ({}, {"user.note": b"1"}),
    ],
)
def test_attribute_that_changes_is_copied_anew(rig, before, after):
    a = rig.write("a", "1")
    set_attributes(a, before)
    rig.run("--", "cp", "-a", "a", "out")
    rig.run("--", "cp", "-a", "a", "out")

    set_attributes(a, after)
    (rig.root / "out").unlink()

    rig.run("--", "cp", "-a", "a", "out")
    assert attributes(rig.root / "out") == after


def set_attributes(path, wanted):
    try:
        for name in os.listxattr(path):
            os.removexattr(path, name)
        for name, value in wanted.items():
            os.setxattr(path, name, value)
    except OSError:
        pytest.skip("this file system has no attributes")


def attributes(path):
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def test_what_is_moved_within_the_temporary_folder_is_an_input_if_it_is_read(rig):
    folder = rig.place / "temporary"
    folder.mkdir()
    rig.environ["TMPDIR"] = str(folder)
    command = ("--", "sh", "-c", f"mv {folder}/d {folder}/e; cat {folder}/e/a; rm -r {folder}/e")

    for content in ("1", "2"):
        (folder / "d").mkdir()
        (folder / "d" / "a").write_text(content)
        assert rig.run(*command).out == content.encode()


def test_cleaning_up_in_the_temporary_folder_hinders_no_record(rig):
    folder = rig.place / "temporary"
    folder.mkdir()
    rig.environ["TMPDIR"] = str(folder)
    rig.write("a", "1")
    command = (
        "--",
        "sh",
        "-c",
        f"mkdir -p {folder}/d; mv {folder}/d {folder}/e; rm -r {folder}/e; cat a",
    )
    (folder / "d" / "old").mkdir(parents=True)
    (folder / "d" / "old" / "file").write_text("old")

    assert rig.run(*command).result["stored"]
    assert rig.run(*command).outcome == "fresh"


def test_folder_in_the_temporary_folder_that_was_looked_at_counts_by_being_there(rig):
    folder = rig.place / "temporary"
    (folder / "d").mkdir(parents=True)
    rig.environ["TMPDIR"] = str(folder)
    command = f"test -d {folder}/d && echo there > out || echo none > out"
    assert settled(rig, *shell(command)).outcome == "fresh"

    (folder / "d").rmdir()

    assert run_as_rebuilt(rig, command).outcome == "executed"


def test_folder_in_the_temporary_folder_that_was_to_be_made_counts_for_nothing(rig):
    folder = rig.place / "temporary"
    (folder / "d").mkdir(parents=True)
    rig.environ["TMPDIR"] = str(folder)
    rig.write("a", "1")
    command = f"mkdir -p {folder}/d; cp a {folder}/d; cat {folder}/d/a > out; rm {folder}/d/a"
    assert settled(rig, *shell(command)).outcome == "fresh"

    (folder / "d").rmdir()

    assert rig.run(*shell(command)).outcome == "fresh"


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFSOCK], ids=["pipe", "socket"])
def test_pipe_or_socket_in_the_temporary_folder_is_not_stored(rig, kind):
    folder = rig.place / "temporary"
    folder.mkdir()
    rig.environ["TMPDIR"] = str(folder)
    os.mknod(folder / "p", kind | 0o600)

    done = rig.run(*shell(f"test -e {folder}/p && echo there"))

    assert done.not_stored == [("incomplete", str(folder / "p"))]


@pytest.mark.parametrize("text", ["a|", "|", "|a"])
def test_link_whose_text_has_a_bar_counts(rig, text):
    (rig.root / "l").symlink_to(text)
    command = "readlink l > out; true"
    assert settled(rig, *shell(command)).outcome == "fresh"

    (rig.root / "l").unlink()

    assert run_as_rebuilt(rig, command).outcome == "executed"


def test_temporary_file_that_is_published_by_a_rename_may_be_read(rig):
    rig.write("a", "1")
    script = "d=$(mktemp -d); cp a $d/x; mv $d/x $d/y; mkdir $d/z; cp a $d/z; mv $d/z $d/w; "
    script += "cat $d/y $d/w/a; rm -r $d"

    assert rig.run("--", "sh", "-c", script).out == b"11"
    assert rig.run("--", "sh", "-c", script).outcome == "fresh"


def test_folder_where_a_file_was_overwritten_once_is_a_miss(rig):
    run = ("--strict-outputs", "--", "sh", "-c", "echo one > f; rm -rf f; mkdir f; true")
    rig.run(*run)

    plain, _ = rig.always_rebuild(*run[2:])
    done = rig.run(*run)

    assert done.err == plain.stderr != b""


def test_stamp_of_make_that_was_there_before_counts_by_its_time(rig):
    needs("make")
    rig.write("Makefile", "stamp: src\n\tmkdir -p gen; cp src gen/out\n\ttouch stamp\n")
    rig.write("src", "one")
    subprocess.run(["make"], cwd=rig.root, check=True, capture_output=True)
    for content in ("one", "two", "one"):
        rig.write("src", content)

        rig.run("--", "make")

        assert rig.read("gen/out") == content.encode()


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_stamp_that_another_tool_looked_at_first_counts_by_its_time(rig):
    rig.write("Makefile", "out: stamp\n\tcp a out\n")
    rig.write("a", "1")
    os.utime(rig.write("stamp"), (1, 1))
    run = shell("test -e stamp; make")
    settled(rig, *run)

    os.utime(rig.root / "stamp", (2, 2))

    assert rig.run(*run).reasons == [("file-changed", "stamp")]


@pytest.mark.parametrize("path", ["cur/a", "$PWD/cur/a"])
def test_path_looked_at_often_is_another_one_once_its_link_leads_elsewhere(rig, path):
    rig.write("v1/a", "1")
    rig.write("v2/a", "2")
    looks = f"for i in 1 2 3 4 5; do test -s {path} && echo $v; done"
    command = f"for v in v1 v2; do ln -sfn $v cur; {looks}; done; true"
    settled(rig, *shell(command))

    rig.write("v2/a", "")

    assert run_as_rebuilt(rig, command).reasons == [("file-changed", "v2/a")]


@pytest.mark.parametrize(
    "command", ["rm -rf copy; cp -r d copy", "stat -c %a d/s", "ls -l d | cut -c 1-10"]
)
def test_mode_of_a_folder_that_was_looked_at_counts(rig, command):
    rig.write("d/s/x")
    assert rig.run(*shell(command)).outcome == "executed"
    assert settled(rig, *shell(command)).outcome == "fresh"
    (rig.root / "d/s").chmod(0o700)

    done = run_as_rebuilt(rig, command)

    assert done.reasons[0] == ("mode-changed", "d/s")


def test_short_cut_of_an_unchanged_run_knows_the_modes_of_folders(rig):
    rig.write("d/s/x")
    command = shell("stat -c %a d/s")
    settled(rig, *command)
    (index,) = rig.cache.glob("v1/hits/*")
    assert hit.read_index(os.fsencode(index)) is not None

    (rig.root / "d/s").chmod(0o700)

    assert hit.read_index(os.fsencode(index)) is None


def test_copy_over_an_own_copy_is_answered_after_an_edit(rig):
    rig.write("a", "1\n")
    copy = shell("cp a x")
    rig.run(*copy)
    rig.write("a", "2\n")
    rig.run(*copy)

    again = rig.run(*copy)

    assert again.outcome == "fresh"


@pytest.mark.parametrize("spoil", ["chmod 755 x", "rm x"])
def test_mode_that_an_overwritten_own_copy_kept_counts(rig, spoil):
    rig.write("a", "1\n", 0o644)
    copy = shell("cp a x")
    rig.run(*copy)
    rig.write("a", "2\n")
    rig.run(*copy)
    subprocess.run(["sh", "-c", spoil], cwd=rig.root, check=True)

    again = rig.run(*copy)

    assert again.outcome == "executed"
    assert [subject for _, subject in again.reasons] == ["x"]


INCREMENTAL = """\
import json, os

known = json.load(open("x.tsbuildinfo")) if os.path.exists("x.tsbuildinfo") else {}
now = {name: open("src/" + name).read() for name in sorted(os.listdir("src"))}
os.makedirs("dist", exist_ok=True)
for name, text in now.items():
    if known.get(name) != text:
        open("dist/" + name, "w").write(text.upper())
json.dump(now, open("x.tsbuildinfo", "w"))
"""
"""As `tsc -b`: writes only what changed by its own account, and never looks at what it wrote."""


def test_state_of_an_incremental_tool_comes_back_with_all_that_it_tells_of(rig):
    rig.write("build.py", INCREMENTAL)
    for name, text in (("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2"), ("b", "b1")):
        rig.write(f"src/{name}", text)
        if name == "a" and text == "a1":
            continue
        last = rig.run("--", "python3", "build.py")

    assert last.outcome == "restored"
    assert rig.read("dist/a") == b"A2"
    assert rig.read("dist/b") == b"B1"


PACKAGES = """\
import os

os.makedirs("dist", exist_ok=True)
for name in sorted(os.listdir("src")):
    state, now = f"dist/{name}.tsbuildinfo", open("src/" + name).read()
    if not os.path.exists(state) or open(state).read() != now:
        open("dist/" + name, "w").write(now.upper())
        open(state, "w").write(now)
"""
"""As `tsc -b` in a workspace: of a package that did not change it reads the state and no more."""


def test_state_that_an_incremental_tool_only_read_comes_back_as_well(rig):
    rig.write("build.py", PACKAGES)
    rig.write("src/a", "a1")
    for name, text in (("b", "b1"), ("a", "a2"), ("b", "b2"), ("b", "b1")):
        rig.write(f"src/{name}", text)
        last = rig.run("--", "python3", "build.py")

    assert last.outcome == "restored"
    for name, text in (("a", "a2"), ("b", "b1")):
        assert rig.read(f"dist/{name}").decode() == text.upper()
        assert rig.read(f"dist/{name}.tsbuildinfo").decode() == text


def test_state_of_an_incremental_tool_does_not_come_back_over_what_a_user_wrote(rig):
    rig.write("build.py", INCREMENTAL)
    rig.write("src/a", "a1")
    for name, text in (("b", "b1"), ("a", "a2"), ("b", "b2")):
        rig.write(f"src/{name}", text)
        rig.run("--", "python3", "build.py")
    rig.write("dist/b", "mine")
    rig.write("src/b", "b1")

    last = rig.run("--", "python3", "build.py")

    assert (last.outcome, last.reasons) == ("executed", [("file-changed", "dist/b")])
    assert rig.read("dist/b") == b"B1"


def test_incremental_tool_is_answered_where_its_state_is_as_it_left_it(rig):
    rig.write("build.py", INCREMENTAL)
    rig.write("src/a", "a1")
    rig.write("src/b", "b1")
    rig.run("--", "python3", "build.py")
    rig.write("src/a", "a2")
    rig.run("--", "python3", "build.py")
    rig.write("src/a", "a2")

    assert rig.run("--", "python3", "build.py").outcome == "fresh"


def test_all_files_of_an_incremental_tool_are_new_where_its_state_comes_back(rig):
    """`tsc -b` takes from the state which declaration changed last, and compares its time."""
    rig.write("build.py", PACKAGES)
    rig.write("src/a", "a1")
    for name, text in (("b", "b1"), ("a", "a2"), ("b", "b2")):
        rig.write(f"src/{name}", text)
        rig.run("--", "python3", "build.py")
    before = {path: path.stat().st_mtime_ns for path in (rig.root / "dist").iterdir()}
    rig.write("src/b", "b1")

    assert rig.run("--", "python3", "build.py").outcome == "restored"
    assert all(path.stat().st_mtime_ns > time_ns for path, time_ns in before.items())
    assert rig.run("--", "python3", "build.py").outcome == "fresh"


def test_all_that_an_incremental_tool_has_made_comes_back_after_its_deletion(rig):
    rig.write("build.py", PACKAGES)
    rig.write("src/a", "a1")
    rig.write("src/b", "b1")
    rig.run("--", "python3", "build.py")
    rig.write("src/b", "b2")
    rig.run("--", "python3", "build.py")
    before = rig.tree()
    shutil.rmtree(rig.root / "dist")

    assert rig.run("--", "python3", "build.py").outcome == "restored"
    assert rig.tree() == before


def test_over_what_a_plain_build_left_a_run_is_a_hit_from_the_second_time(rig):
    rig.script(
        "build.sh",
        'read -r name < src/name; rm -rf out; mkdir -p out/sub; echo > "out/$name"; '
        'echo > "out/sub/$name"',
    )
    rig.write("src/name", "old\n")
    rig.run("--", "./build.sh")
    rig.write("src/name", "new\n")
    subprocess.run(["./build.sh"], cwd=rig.root, check=True)
    assert rig.run("--", "./build.sh").outcome == "executed"

    done = rig.run("--", "./build.sh")

    assert done.outcome == "fresh", done.err
    assert set(rig.tree("out")) == {"new", "sub", "sub/new"}
