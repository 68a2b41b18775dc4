"""`buildopt verify`: two runs from the same inputs, and where what they give differs."""

import json

import pytest

OBSERVE = "auto"


@pytest.fixture
def rig(rig):
    rig.write("a", "content\n")
    return rig


def verified(rig, script):
    """Status and the object."""
    done = rig.call("verify", "--json", "--", "sh", "-c", script)
    return done.returncode, json.loads(done.stdout)


def test_command_that_gives_the_same_is_said_to(rig):
    status, found = verified(rig, "mkdir -p out; cp a out/a; ln -s a out/l; echo done")

    assert (status, found["equal"], found["runs"], found["differences"]) == (0, True, 2, [])
    assert found["compared_files"] == 2
    assert rig.read("out/a") == b"content\n"
    (told,) = rig.events("buildopt.verify.finished")
    assert (told.data["equal"], told.data["root"]) == (True, str(rig.root))


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("date +%s%N > out", "time stamp"),
        ("date -Ins > out", "time stamp"),
        ("t=$(mktemp -d); echo built in $t/x/y > out; rm -r $t", "path"),
        ("head -c 12 /dev/urandom | od -An -tx1 | tr -d ' ' > out", "random"),
    ],
)
def test_file_that_differs_is_named_with_place_and_cause(rig, script, cause):
    status, found = verified(rig, script)

    (difference,) = found["differences"]
    assert (status, found["equal"]) == (1, False)
    assert (difference["subject"], difference["kind"]) == ("out", "content")
    assert difference["cause"] == cause
    assert difference["before"] != difference["after"]


def test_outputs_of_an_earlier_run_are_no_part_of_the_comparison(rig):
    script = "[ -e out ] || cp a out"
    rig.run("--", "sh", "-c", script)

    status, found = verified(rig, script)

    assert (status, found["equal"], found["compared_files"]) == (0, True, 1)


def test_what_a_plain_build_left_is_put_aside_as_well(rig):
    rig.write("dist/a", "old\n")
    rig.write("dist/foreign", "mine\n")

    status, found = verified(rig, "test -e dist/a && rm dist/a; mkdir -p dist; cp a dist/a")

    assert (status, found["runs"], found["compared_files"]) == (0, 3, 1)
    assert rig.read("dist/foreign") == b"mine\n"
    assert rig.read("dist/a") == b"content\n"


@pytest.mark.parametrize(
    ("script", "refused", "left"),
    [
        ("echo x >> a", "changes-inputs", b"content\nx\n"),
        ("sort -o a a; echo x >> a", "changes-inputs", b"content\nx\n"),
        ("cp a out; exit 3", "failed", b"content\n"),
    ],
)
def test_what_cannot_be_compared_is_told_and_nothing_is_lost(rig, script, refused, left):
    status, found = verified(rig, script)

    assert (status, found["refused"], found["equal"]) == (1, refused, False)
    assert rig.read("a") == left


def test_second_run_that_fails_gives_the_first_one_s_outputs_back(rig):
    count = rig.place / "count"
    rig.write("run.sh", f"mkdir {count} 2>/dev/null && cp a out && exit 0; exit 4", mode=0o755)

    done = rig.call("verify", "--", "sh", "run.sh")

    assert done.returncode == 1
    assert rig.read("out") == b"content\n"


def test_printed_durations_do_not_count_and_other_words_do(rig):
    assert verified(rig, "cp a out; echo built in $(date +%N) ms")[0] == 0

    status, found = verified(rig, "cp a out; echo $(date +%N) modules")

    assert status == 1
    assert [d["subject"] for d in found["differences"]] == ["stdout"]


def test_lines_for_people_say_where_and_what_to_do(rig):
    done = rig.call("verify", "--", "sh", "-c", "date +%s%N > out; echo hi")

    err = done.stderr.decode()
    assert done.stdout == b"hi\nhi\n"
    assert "out: time stamp at byte" in err
    assert "hint: time stamp: set SOURCE_DATE_EPOCH" in err


def test_without_a_command_it_says_how(rig):
    done = rig.call("verify")

    assert done.returncode == 2
    assert b"hint: buildopt verify -- COMMAND" in done.stderr


def test_what_the_user_changed_of_an_output_stays(rig):
    script = "test -e config || cp a config; cat a > out"
    rig.run("--", "sh", "-c", script)
    rig.write("config", "edited")

    verified(rig, script)

    assert rig.read("config") == b"edited"


def test_time_in_whole_seconds_is_found(rig):
    _, found = verified(rig, "date > out; tar czf o.tgz a; ln -sf /nowhere l; tar czf l.tgz l")

    assert {d["subject"]: d["cause"] for d in found["differences"]}["out"] == "time stamp"


def test_command_that_is_not_there_is_told_and_nothing_else(rig):
    done = rig.call("verify", "--", "no-such-program")

    assert b"cannot find the command" in done.stderr
    assert b"interrupted" not in done.stderr
    assert not list(rig.cache.glob("v1/verify-*"))
