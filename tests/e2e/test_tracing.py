"""Commands that declare nothing: what they read and write is found out by watching."""

import os
import shutil

import pytest

from tests.e2e.tracing_rig import needs, run_as_rebuilt, settled, shell
from tests.rig import PROGRAM

OBSERVE = "auto"


def test_the_way_is_told(rig):
    assert rig.run(*shell("true")).result["observer"] == "seccomp"


def test_second_run_is_a_hit_and_an_edit_a_miss_that_names_it(rig):
    rig.write("a", "1")
    rig.run(*shell("cat a > out"))

    assert rig.run(*shell("cat a > out")).outcome == "fresh"
    rig.write("a", "2")
    done = rig.run(*shell("cat a > out"))
    assert done.reasons == [("file-changed", "a")]
    assert rig.read("out") == b"2"


@pytest.mark.parametrize(
    ("command", "change", "outcome"),
    [
        ("cat a > out", lambda r: os.utime(r.root / "a"), "fresh"),
        ("cat a > out", lambda r: r.write("b", "other"), "fresh"),
        ("cat a > out", lambda r: (r.root / "out").unlink(), "restored"),
        ("cat a > out", lambda r: r.write("out", "damaged"), "restored"),
        ("cat x/n 2>/dev/null || cat a", lambda r: r.write("x/n", "new"), "executed"),
        ("cat x/n 2>/dev/null || cat a", lambda r: r.write("x/other"), "fresh"),
        ("ls src", lambda r: r.write("src/new"), "executed"),
        ("ls src", lambda r: r.write("src/s", "edited"), "fresh"),
        ("ls -l src > /dev/null", lambda r: r.write("src/s", "edited"), "executed"),
        ("cat src/*.txt 2>/dev/null; true", lambda r: r.write("src/z.txt", "z"), "executed"),
        ("test -e flag && echo y; true", lambda r: r.write("flag"), "executed"),
        ("test -s a && echo y; true", lambda r: r.write("a", ""), "executed"),
        ("test -x a && echo y; true", lambda r: (r.root / "a").chmod(0o755), "executed"),
        ("readlink link", lambda r: relink(r, "src/s"), "executed"),
        ("cat link", lambda r: relink(r, "src/s"), "executed"),
        ("t=$(mktemp); cat a > $t; cat $t; rm $t", lambda r: None, "fresh"),
        ("cat a > out.tmp; mv out.tmp out", lambda r: (r.root / "out").unlink(), "restored"),
        (
            "rm -rf d.tmp d; mkdir d.tmp; cp a d.tmp; mv d.tmp d",
            lambda r: shutil.rmtree(r.root / "d"),
            "restored",
        ),
        ("rm -rf dist; mkdir dist; cp a dist/", lambda r: r.write("dist/foreign"), "executed"),
        ("cd src && cat ../a", lambda r: r.write("a", "2"), "executed"),
        ("env -i cat a", lambda r: r.write("a", "2"), "executed"),
    ],
)
def test_soundness(rig, command, change, outcome):
    rig.write("a", "1")
    rig.write("src/s", "s")
    (rig.root / "link").symlink_to("a")
    settled(rig, *shell(command))

    change(rig)

    assert run_as_rebuilt(rig, command).outcome == outcome


def relink(rig, target):
    (rig.root / "link").unlink()
    (rig.root / "link").symlink_to(target)


@pytest.mark.parametrize("command", ["n=$(cat n); echo $((n+1)) > n", "echo x >> log"])
def test_what_counts_on_is_never_a_hit(rig, command):
    rig.write("n", "1\n")
    for _ in range(4):
        _, tree = rig.always_rebuild("sh", "-c", command)
        assert rig.run(*shell(command)).outcome == "executed"
        assert rig.tree() == tree


def test_failed_move_never_brings_an_old_file_back(rig):
    command = "mv c d/x 2>/dev/null; true"
    rig.write("d/x", "old")
    rig.run(*shell(command))
    rig.write("d/x", "new")

    rig.run(*shell(command))

    assert rig.read("d/x") == b"new"


def test_process_that_outlives_the_command_makes_no_record(rig):
    os.mkfifo(rig.place / "end")
    command = f"(read x < {rig.place}/end; echo late > out) > /dev/null 2>&1 & echo done"

    done = rig.run(*shell(command))

    assert done.out == b"done\n"
    assert "survivor" in dict(done.not_stored)
    (rig.place / "end").write_text("go\n")


def test_python_module_that_shadows_is_a_miss(rig):
    rig.write("one/.keep")
    rig.write("two/m.py", "print('two')")
    rig.environ["PYTHONPATH"] = "one:two"
    run = ("--", "python3", "-c", "import m")
    assert settled(rig, *run).out == b"two\n"

    rig.write("one/m.py", "print('one')")

    assert rig.run(*run).out == b"one\n"


def test_header_that_appears_in_an_earlier_folder_is_a_miss(rig):
    needs("gcc")
    rig.write("x/.keep")
    rig.write("y/h.h", "#define N 1")
    rig.write("c.c", '#include "h.h"\nint f(void) { return N; }\n')
    run = ("--", "gcc", "-Ix", "-Iy", "-c", "c.c")
    settled(rig, *run)

    rig.write("x/h.h", "#define N 2")

    done = rig.run(*run)
    assert done.reasons == [("file-appeared", "x/h.h")]


def test_nested_run_joins_the_outer_one(rig):
    rig.write("a", "1")
    rig.script("outer.sh", "buildopt run -- cat a > out; echo done")
    rig.environ["PATH"] = f"{PROGRAM.parent}:{rig.environ['PATH']}"
    first = rig.run("--", "./outer.sh")
    assert (first.out, first.err) == (b"done\n", b"")
    assert settled(rig, "--", "./outer.sh").out == b"done\n"

    rig.write("a", "2")

    assert rig.run("--", "./outer.sh").outcome == "executed"
    assert rig.read("out") == b"2"


def test_project_copied_elsewhere_is_answered(rig):
    rig.write("a", "1")
    rig.run(*shell("cat a > out"))
    moved = rig.place / "elsewhere" / "project"
    shutil.copytree(rig.root, moved)
    (moved / "out").unlink()
    rig.root = moved

    assert rig.run(*shell("cat a > out")).outcome == "restored"
    assert rig.read("out") == b"1"


def test_outputs_that_were_there_before_the_first_run_are_no_hindrance(rig):
    command = "for f in $(ls dist); do rm dist/$f; done; cp a dist/a; date > /dev/null"
    rig.write("a", "1")
    rig.write("dist/a", "1")

    assert rig.run(*shell(command)).result["stored"]
    assert settled(rig, *shell(command)).outcome == "fresh"


@pytest.mark.parametrize(
    "command",
    [
        "sort -o d/a d/a; ls d",
        "rm d/a; echo 1 > d/a; ls d",
        "ls d; rm d/a",
        "ls d; mv d/a d/c",
        "cp d/a kept; ls d; mv d/b d/c; ls d",
    ],
)
def test_what_a_run_changes_in_a_folder_that_it_lists_is_no_change_by_others(rig, command):
    def begin():
        shutil.rmtree(rig.root / "d", ignore_errors=True)
        rig.write("d/a", "1\n")
        rig.write("d/b", "2\n")

    begin()
    first = rig.run(*shell(command))
    tree = rig.tree()
    assert first.not_stored == []

    begin()
    done = rig.run(*shell(command))

    assert (done.outcome in ("fresh", "restored"), done.out) == (True, first.out)
    assert rig.tree() == tree


def test_overwritten_file_has_the_mode_that_it_would_have_without_the_cache(rig):
    run = ("--strict-outputs", *shell("cat a > out"))
    rig.write("a", "1")
    rig.write("out", "old", mode=0o755)
    rig.run(*run)
    (rig.root / "out").unlink()

    _, tree = rig.always_rebuild("sh", "-c", "cat a > out")
    rig.run(*run)

    assert rig.tree() == tree


def test_file_in_the_way_of_a_path_counts_by_being_in_the_way(rig):
    rig.write("a", "1")
    rig.write("b", "1")
    command = "cat b/inside || cp a out"
    settled(rig, *shell(command))
    rig.write("b", "another content")
    edited = run_as_rebuilt(rig, command)
    (rig.root / "b").unlink()
    gone = run_as_rebuilt(rig, command)
    rig.write("b/inside", "1")
    folder = run_as_rebuilt(rig, command)

    assert [done.outcome for done in (edited, gone, folder)] == ["fresh", "executed", "executed"]


def test_file_where_a_folder_was_looked_for_is_another_absence(rig):
    run = shell("cat d/x || true")
    rig.run(*run)
    assert rig.run(*run).outcome == "fresh"

    rig.write("d")
    done = rig.run(*run)

    assert done.reasons == [("file-appeared", "d")]
    assert b"Not a directory" in done.err
    assert rig.run(*run).outcome == "fresh"
