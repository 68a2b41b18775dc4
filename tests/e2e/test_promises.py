"""Corners of the promises, each once a wrong hit or somebody's loss, or close to one."""

import os
import shutil
import subprocess
import sys

import pytest

from buildopt.cache import restore
from buildopt.cache.artifacts import Artifacts
from buildopt.cache.fingerprint import States
from buildopt.cache.layout import Layout
from buildopt.cache.memo import Memo
from tests.rig import PROGRAM

LIST = ("--input", "src/**", "--", "ls", "src")
LISTED = ("--input", "list", "--output", "out", "--", "./build.sh")
PRINT_HOME = ("--input", "x", "--", "sh", "-c", "echo $HOME $TMPDIR")


@pytest.mark.parametrize("pattern", ["src/**", "src", "src/*.txt", "deep/src/**"])
@pytest.mark.parametrize("becomes", ["nothing", "a file"])
def test_empty_input_folder_that_is_no_longer_one_is_a_miss(rig, pattern, becomes):
    folder = rig.root / pattern.partition("/*")[0]
    folder.mkdir(parents=True)
    run = ("--input", pattern, "--", "ls", str(folder.relative_to(rig.root)))
    rig.run(*run)
    assert rig.run(*run).outcome == "fresh"
    folder.rmdir()
    if becomes == "a file":
        folder.write_text("")

    done = rig.run(*run)

    assert done.outcome == "executed"
    assert done.reasons == [("file-vanished", str(folder.relative_to(rig.root)))]


def test_empty_folder_behind_a_link_that_is_gone_is_a_miss(rig):
    (rig.root / "real").mkdir()
    (rig.root / "src").symlink_to("real")
    rig.run(*LIST)
    assert rig.run(*LIST).outcome == "fresh"

    (rig.root / "real").rmdir()

    done = rig.run(*LIST)
    assert done.reasons == [("file-vanished", "real")]


@pytest.mark.parametrize("pattern", ["src", "src/**", "src/*.txt", "s*/*.txt", "src/**/*.txt"])
@pytest.mark.parametrize("edit", ["real/a.txt", "real/new.txt"])
def test_files_behind_a_linked_folder_count(rig, pattern, edit):
    rig.write("real/a.txt", "one")
    (rig.root / "src").symlink_to("real")
    run = ("--input", pattern, "--", "sh", "-c", "cat src/*.txt")
    rig.run(*run)
    assert rig.run(*run).outcome == "fresh"

    rig.write(edit, "two")

    done = rig.run(*run)
    assert done.outcome == "executed"
    assert b"two" in done.out


def test_outputs_behind_a_link_that_was_there_are_not_stored(rig):
    (rig.root / "real").mkdir()
    (rig.root / "out").symlink_to("real")
    run = ("--input", "x", "--output", "out", "--", "sh", "-c", "echo made > out/made")
    assert rig.run(*run).not_stored == [("incomplete", "out")]
    (rig.root / "real/made").unlink()

    rig.run(*run)

    assert rig.read("real/made") == b"made\n"


@pytest.mark.parametrize("name", ["HOME", "TMPDIR"])
def test_another_home_or_temporary_folder_is_a_miss_that_names_it(rig, name):
    rig.environ[name] = str(rig.place / "one")
    rig.run(*PRINT_HOME)
    assert rig.run(*PRINT_HOME).outcome == "fresh"

    rig.environ[name] = other = str(rig.place / "two")

    done = rig.run(*PRINT_HOME)
    assert other.encode() in done.out
    assert done.reasons == [("environment", name)]


@pytest.mark.parametrize("name", ["SSH_AUTH_SOCK", "SHLVL", "OLDPWD", "TERM", "NO_COLOR", "LESS"])
def test_variable_of_the_documented_list_is_no_reason(rig, name):
    rig.environ[name] = "one"
    rig.run(*LIST[:2], "--", "true")

    rig.environ[name] = "two"

    assert rig.run(*LIST[:2], "--", "true").outcome == "fresh"


def test_variable_that_is_gone_is_a_miss_that_names_it(rig):
    rig.environ["FLAVOUR"] = "one"
    rig.run(*LIST[:2], "--", "true")

    del rig.environ["FLAVOUR"]

    assert rig.run(*LIST[:2], "--", "true").reasons == [("environment", "FLAVOUR")]


def test_other_umask_is_a_miss(rig):
    run = ("--input", "x", "--output", "out", "--", "sh", "-c", "echo x > out")
    rig.run(*run)
    shell = ["sh", "-c", 'umask 077; exec "$0" "$@"', PROGRAM, "run", *run]

    subprocess.run(shell, cwd=rig.root, env=rig.environ, check=True, capture_output=True)

    assert rig.last_result()["outcome"] == "executed"


def test_output_that_takes_its_mode_from_an_input_follows_it(rig):
    rig.write("a", "1", 0o644)
    run = ("--input", "a", "--output", "out", "--", "sh", "-c", "rm -f out; cp a out")
    rig.run(*run)
    (rig.root / "a").chmod(0o600)

    rig.run(*run)

    assert (rig.root / "out").stat().st_mode & 0o777 == 0o600


def test_streams_of_any_bytes_are_the_same_live_and_replayed(rig):
    code = (
        "import os\n"
        "data = bytes(range(256)) * 300\n"
        "os.write(1, data); os.write(2, data[::-1]); os.write(1, b'no newline at the end')\n"
    )
    run = ("run", "--quiet", "--input", "x", "--", sys.executable, "-c", code)
    plain = subprocess.run(run[5:], env=rig.environ, capture_output=True, check=True)

    live, replayed = rig.call(*run), rig.call(*run)

    assert rig.last_result()["outcome"] == "fresh"
    for done in (live, replayed):
        assert (done.stdout, done.stderr) == (plain.stdout, plain.stderr)


def test_input_that_cannot_be_read_is_not_stored(rig):
    if not shutil.which("setpriv"):
        pytest.skip("root reads everything, and there is no setpriv to give that up")
    rig.write("src/a.txt", "1", 0o000)
    command = [PROGRAM, "run", *LIST]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]

    done = subprocess.run(command, cwd=rig.root, env=rig.environ, capture_output=True, check=False)

    assert done.stdout == b"a.txt\n"
    assert rig.last_result()["not_stored"] == [{"kind": "incomplete", "subject": "src/a.txt"}]


@pytest.fixture
def listed(rig):
    """A build that makes the files that `list` names; first `one` and `old`, then only `one`."""
    rig.script(
        "build.sh", 'rm -rf out; mkdir out; while read -r n; do echo $n > "out/$n"; done<list'
    )
    for names in ("one\n", "one\nold\n"):
        rig.write("list", names)
        rig.run(*LISTED)
    rig.write("list", "one\n")
    return rig


def test_former_output_that_somebody_edited_is_left_to_the_command(listed):
    listed.write("out/old", "edited by hand\n")
    _, tree = listed.always_rebuild("./build.sh")

    done = listed.run(*LISTED)

    assert done.reasons == [("file-appeared", "out/old")]
    assert listed.tree() == tree
    assert listed.run(*LISTED).outcome == "fresh"


def test_former_output_that_somebody_edited_stays_where_the_command_leaves_it(listed):
    text = listed.read("build.sh").decode().replace("rm -rf out; mkdir", "mkdir -p")
    listed.write("build.sh", text, 0o755)
    for names in ("one\n", "one\nold\n", "one\n"):
        listed.write("list", names)
        listed.run(*LISTED)
    listed.write("out/old", "edited by hand\n")

    listed.run(*LISTED)

    assert listed.read("out/old") == b"edited by hand\n"
    assert listed.run(*LISTED).outcome == "fresh"


def test_recovery_removes_nothing_that_was_edited_after_the_kill(tmp_path):
    old = tmp_path / "old"
    old.write_text("made by the task")
    plan = restore.Plan(removals=(str(old),), folders=(), files=(), links=())
    plan_path = tmp_path / "task.plan"
    plan_path.write_bytes(restore._dump(plan, "0123456789ab"))
    old.write_text("edited after the kill")

    states = States(Memo("", enabled=False), {}, lambda folder, own: "")
    restore.recover_one(str(plan_path), Artifacts(Layout(str(tmp_path / "cache"))), states)

    assert old.read_text() == "edited after the kill"
    assert not plan_path.exists()
