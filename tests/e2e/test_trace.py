"""`buildopt trace`: what a command did, in three forms."""

import json

import pytest

from buildopt import blobs
from buildopt.events import TaskFinished
from tests.rig import PROGRAM

SCRIPT = "cat a > out; cat x/missing 2>/dev/null; ls src; test -e kept; rm old; printf end"


OBSERVE = "auto"


@pytest.fixture
def rig(rig):
    for name in ("a", "src/s", "kept", "old"):
        rig.write(name, name)
    return rig


def traced(rig, *options, script=SCRIPT):
    return rig.call("trace", *options, "--", "sh", "-c", script)


def test_object_ends_stdout_on_a_line_of_its_own(rig):
    done = traced(rig, "--json")

    *own, found = done.stdout.decode().splitlines()
    told = json.loads(found)
    assert own == ["s", "end"]
    assert told["schema"] == 1
    assert "a" in told["read"]
    assert "kept" in told["probed"]
    assert "x/missing" in told["missing"]
    assert told["listed"] == ["src"]
    assert told["wrote"] == [{"path": "out", "bytes": 1}]
    assert told["removed"] == ["old"]
    assert any(path.endswith("/cat") for path in told["ran"])
    assert (told["exit_code"], told["incomplete"]) == (0, [])


def test_processes_are_told_with_times_and_parents(rig):
    told = json.loads(traced(rig, "--json").stdout.splitlines()[-1])

    shell, *others = told["processes"]
    assert shell["command"] == ["sh", "-c", SCRIPT]
    assert {process["parent_pid"] for process in others} == {shell["pid"]}
    assert all(p["start_s"] <= p["end_s"] <= shell["end_s"] for p in others)
    assert all(p["peak_memory_bytes"] > 0 for p in told["processes"])
    assert [p["command"][0] for p in others] == ["cat", "cat", "ls", "rm"]


def test_tree_and_table_name_every_path_of_the_project(rig):
    tree = traced(rig).stdout.decode()
    rig.write("old")
    table = traced(rig, "--table", "--only", "wrote", "--only", "removed").stdout.decode()

    for word in ("a", "x/missing", "src", "out  1 B", "old", "sh -c"):
        assert word in tree
    assert table.splitlines()[-2:] == ["wrote\tout\t1", "removed\told"]


def test_exit_status_is_the_command_s_own_and_nothing_is_recorded(rig):
    assert traced(rig, script="cat a; exit 7").returncode == 7
    assert rig.run("--", "sh", "-c", "cat a").reasons == [("no-record", "task")]


def test_trace_of_a_recorded_command_really_runs_it(rig):
    rig.run("--", "sh", "-c", "cat a > out")
    (rig.root / "out").unlink()

    traced(rig, script="cat a > out")

    assert rig.read("out") == b"a"


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        ((), b"no command", 2),
        (("--only", "nonsense", "--", "true"), b"nonsense", 2),
        (("--", "no-such-program"), b"no-such-program", 127),
        (("--", "./a"), b"./a", 126),
    ],
)
def test_bad_input_is_told_with_a_hint(rig, arguments, words, status):
    done = rig.call("trace", *arguments)

    assert done.returncode == status
    assert words in done.stderr
    assert b"hint: " in done.stderr
    assert b"Traceback" not in done.stderr


def test_inside_a_watched_command_it_says_why_it_cannot(rig):
    done = rig.run("--", "sh", "-c", f"{PROGRAM} trace -- true; exit 0")

    assert b"cannot trace inside" in done.err


def test_process_table_of_a_run_is_kept_and_named_by_its_event(rig):
    rig.run("--", "sh", "-c", "cat a > out")

    (finished,) = rig.events(TaskFinished.type)
    rows = json.loads(blobs.get(bytes(rig.state), finished.data["processes"]))

    assert [row["command"][0] for row in rows] == ["sh", "cat"]
