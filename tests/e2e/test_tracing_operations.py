"""Commands that make, move and look at files in rarer ways: every run equals a plain one."""

import os
import shutil
import sys

import pytest

from tests.e2e.tracing_rig import run_as_rebuilt, shell

OBSERVE = "auto"


def python(text):
    return f"{sys.executable} -ISc '{text}'"


COPYING = 'i = os.open("a", 0); o = os.open("out", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644); '

COMMANDS = {
    "a file without a name that gets one": python(
        'import os; f = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o644);'
        'os.write(f, open("a", "rb").read()); os.path.exists("out") and os.unlink("out");'
        'os.link(f"/proc/self/fd/{f}", "out", src_dir_fd=0, follow_symlinks=True)'
    ),
    "two files that change places": python(
        'import ctypes, os; open("x", "w").write(open("a").read()); open("y", "w").write("y");'
        'number = {"x86_64": 316, "aarch64": 276}[os.uname().machine];'
        'ctypes.CDLL(None).syscall(number, -100, b"x", -100, b"y", 2)'
    ),
    "a named pipe that is gone": "rm -f p; mkfifo p; (cat a > p &); cat p > out; rm p",
    "a named socket that is gone": python(
        "import os, socket; s = socket.socket(socket.AF_UNIX);"
        's.bind("s"); s.listen(); socket.socket(socket.AF_UNIX).connect("s"); os.unlink("s");'
        'open("out", "w").write(open("a").read())'
    ),
    "sendfile": python("import os; " + COPYING + "os.sendfile(o, i, 0, 100)"),
    "copy_file_range": python("import os; " + COPYING + "os.copy_file_range(i, o, 100)"),
    "an output that is mapped": python(
        'import mmap, shutil; shutil.copy("a", "out"); f = open("out", "r+b");'
        'm = mmap.mmap(f.fileno(), 0); m[0:1] = b"Z"; m.close()'
    ),
    "an input that is opened to read and write": "exec 3<>a; cat <&3 > out",
    "an output that is partly overwritten": (
        "printf zz > out; dd if=a of=out conv=notrunc status=none"
    ),
    "special permissions": (
        "mkdir -p d; chmod 2755 d; cp a d/x; chmod 4755 d/x; chmod 1777 d; cp a out; chmod 0 out"
    ),
    "an archive": (
        "tar cf t.tar --mtime=@0 --owner=0 --group=0 src; rm -rf u; mkdir u; tar xf t.tar -C u"
    ),
    "a deletion while searching": "mkdir -p d; cp a d/x.tmp; find d -name '*.tmp' -delete",
    "a file that is moved away and back": "mv a t; mv t a; cat a > out",
    "a folder that is moved away and back": "mv src t; mv t src; cat src/s > out",
    "a second name": "ln -f a out; ln -f a h; cat h > copy; rm h",
    "a working directory that is renamed": (
        "mkdir d; cd d; cp ../a x; mv ../d ../f; cp ../a y; cd ..; rm -rf e; mv f e"
    ),
    "a real path": "cd -P linked && cat s > ../out",
    "a link to itself": "ln -sf loop loop; cat loop 2> /dev/null; cat a > out",
    "a size and a mode": "stat -c '%s %a' a > out; du -sb src | cut -f1 >> out",
    "a link that is replaced by its like": "ln -sfn src cur; cat cur/s > out",
}


def cases():
    for name, command in COMMANDS.items():
        yield pytest.param(command, id=name)


EDITS = (
    lambda rig: rig.write("a", "two\n"),
    lambda rig: rig.write("src/s", "S!"),
    lambda rig: rig.write("src/u", "u"),
    lambda rig: wipe(rig),
    lambda rig: rig.write("a", "one\n"),
)


def wipe(rig):
    """Remove all that was not there at first."""
    for path in rig.root.iterdir():
        if path.name in ("a", "src", "other", "linked"):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@pytest.mark.parametrize("command", list(cases()))
def test_every_run_equals_a_plain_one(rig, command):
    rig.write("a", "one\n")
    rig.write("src/s", "s")
    rig.write("other/unread", "1")
    (rig.root / "linked").symlink_to("src")
    run_as_rebuilt(rig, command)
    run_as_rebuilt(rig, command)

    rig.write("other/unread", "2")

    assert run_as_rebuilt(rig, command).outcome in ("fresh", "restored")
    for edit in EDITS:
        edit(rig)
        run_as_rebuilt(rig, command)


def test_output_whose_mode_follows_its_source_has_that_mode_once_it_was_gone(rig):
    a = rig.write("a", "1", 0o644)
    rig.run("--", "cp", "a", "out")
    a.chmod(0o600)
    rig.run("--", "cp", "a", "out")

    (rig.root / "out").unlink()

    _, tree = rig.always_rebuild("cp", "a", "out")
    rig.run("--", "cp", "a", "out")
    assert os.stat(rig.root / "out").st_mode & 0o777 == 0o600
    assert rig.tree() == tree


def test_file_made_where_a_folder_was_looked_for_is_recorded(rig):
    command = shell("ln -s x d/k 2>/dev/null; echo one > d")
    rig.run(*command)
    (rig.root / "d").unlink()

    again = rig.run(*command)

    assert again.outcome == "restored"


@pytest.mark.parametrize("is_there", [False, True])
def test_mode_that_a_made_file_gets_later_is_there_from_the_start_the_next_time(rig, is_there):
    rig.write("a", "1")
    if is_there:
        rig.write("out", "0", 0o644)
    command = ("sh", "-c", "cat a > out; ls -l out | cut -c1-10; chmod +x out")
    rig.run("--strict-outputs", "--", *command)

    plain, _ = rig.always_rebuild(*command)
    again = rig.run("--strict-outputs", "--", *command)

    assert again.out == plain.stdout == b"-rwxr-xr-x\n"


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_only_had_its_mode_changed_is_not_brought_back_after_its_deletion(rig, kind):
    rig.write("b", "1")
    path = rig.root / "d"
    path.mkdir() if kind == "folder" else path.write_text("2")
    command = "mv b l 2>&1; chmod 700 d"
    assert run_as_rebuilt(rig, command).result["stored"]
    run_as_rebuilt(rig, command)

    path.rmdir() if kind == "folder" else path.unlink()

    assert run_as_rebuilt(rig, command).outcome == "executed"
