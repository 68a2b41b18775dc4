"""Where there is no place for our files, our words or their letters: the rest goes on as ever."""

import subprocess
from subprocess import PIPE

import pytest

from tests.rig import PROGRAM

OBSERVE = "auto"


@pytest.fixture
def homeless(rig):
    for name in ("HOME", "BUILDOPT_CACHE_DIR", "BUILDOPT_STATE_DIR"):
        del rig.environ[name]
    return rig


def test_command_without_a_home_runs_and_is_not_stored(homeless):
    done = homeless.call("run", "--", "sh", "-c", "echo out; echo err >&2; exit 3")

    assert (done.returncode, done.stdout) == (3, b"out\n")
    assert done.stderr.startswith(b"err\nbuildopt: executed in ")


def test_line_of_a_run_without_a_home_says_what_to_set(homeless):
    done = homeless.call("run", "--", "true")

    assert done.returncode == 0
    assert b"neither HOME nor BUILDOPT_CACHE_DIR is set" in done.stderr


def test_inputs_count_where_only_the_journal_has_no_place(homeless):
    homeless.environ["BUILDOPT_CACHE_DIR"] = str(homeless.cache)
    run = ("run", "--", "sh", "-c", "cat in.txt >out.txt")
    homeless.write("in.txt", "one")
    homeless.call(*run)
    assert b"fresh" in homeless.call(*run).stderr
    homeless.write("in.txt", "two")

    homeless.call(*run)

    assert homeless.read("out.txt") == b"two"
    assert sorted(path.name for path in homeless.root.iterdir()) == ["in.txt", "out.txt"]


@pytest.mark.parametrize("command", ["config", "trace -- true", "doctor --json", "runs"])
def test_what_is_printed_into_a_closed_stdout_is_lost_and_no_more(rig, command):
    line = ["sh", "-c", f"exec {PROGRAM} {command} >&-"]

    done = subprocess.run(line, cwd=rig.root, env=rig.environ, stderr=PIPE, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_bytes_that_are_no_text_are_told_as_bytes(rig):
    done = rig.call("run", "--", b"no\xe9")

    assert done.stderr.startswith(rb"buildopt: cannot find the command `no\xe9`")


@pytest.mark.parametrize("words", ["list", "history", "stats", "show 1", "silence", "list --json"])
@pytest.mark.parametrize("is_damaged", [True, False])
def test_alerts_that_cannot_be_read_are_told_without_a_traceback(rig, words, is_damaged):
    if is_damaged:
        kept = rig.state / "plugins" / "alert.sqlite"
        kept.parent.mkdir(parents=True)
        kept.write_text("no database")
    else:
        rig.state.write_text("no folder")

    done = rig.call("alert", *words.split())

    told = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b"")
    assert told.startswith("buildopt: cannot ")
    assert "Traceback" not in told
