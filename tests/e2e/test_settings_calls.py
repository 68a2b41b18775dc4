"""Settings as calls meet them: each option's variable, what is said of bad ones, `config`."""

import json
import os
import pty
import subprocess

import pytest

from tests.rig import PROGRAM

COUNTING = 'echo "run" >> "$COUNT_FILE"; cat in.txt; cat > got-stdin.txt\n'


@pytest.fixture
def counted(rig):
    """A build that has been answered without a run, and how often it ran."""
    rig.write("in.txt", "one\n")
    rig.script("build.sh", COUNTING)
    rig.environ["COUNT_FILE"] = str(rig.place / "count")
    for _ in range(3):
        rig.run(*BUILD)
    assert runs(rig) == 1
    return rig


BUILD = ("--input", "in.txt", "--output", "got-stdin.txt", "--", "./build.sh")


def runs(rig):
    return (rig.place / "count").read_text().count("run")


def call_with(rig, *arguments, **variables):
    """A call with variables that only it has."""
    before = dict(rig.environ)
    rig.environ.update(variables)
    try:
        return rig.call(*arguments)
    finally:
        rig.environ = before


@pytest.mark.parametrize("variable", ["FORCE=1", "CACHE=off", "CACHE=write", "PASS_FDS=yes"])
def test_a_variable_set_between_two_runs_makes_the_command_run(counted, variable):
    name, _, value = variable.partition("=")

    call_with(counted, "run", *BUILD, **{f"BUILDOPT_{name}": value})

    assert runs(counted) == 2
    assert counted.run(*BUILD).outcome == "fresh"


def test_dry_run_by_a_variable_runs_nothing(counted):
    hit = call_with(counted, "run", *BUILD, BUILDOPT_DRY_RUN="1")
    miss = call_with(counted, "run", *BUILD, BUILDOPT_DRY_RUN="1", BUILDOPT_FORCE="1")

    assert (hit.returncode, miss.returncode, runs(counted)) == (0, 3, 1)
    assert hit.stdout == b""


def test_a_result_file_and_a_report_are_written_on_a_hit_too(counted):
    path = counted.place / "result.json"

    done = call_with(counted, "run", *BUILD, BUILDOPT_RESULT_FILE=str(path), BUILDOPT_REPORT="true")

    assert (done.returncode, runs(counted)) == (0, 1)
    assert json.loads(path.read_text())["outcome"] == "fresh"
    assert (counted.root / "buildopt-report.html").exists()


DOCS = '[tasks.docs]\ncommand = "echo docs"\n'


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (("--report", "--", "echo", "docs"), "buildopt-report.html"),
        (("--report", "--quiet", "docs"), "buildopt-report.html"),
        (("--report", "docs"), "buildopt-report.html"),
        (("--report=docs", "docs"), "docs"),
        (("--report=sub/r", "docs"), "sub/r"),
        (("--report", "r.html", "docs"), "r.html"),
        (("--report", "sub/r", "--", "echo", "docs"), "sub/r"),
    ],
)
def test_a_report_goes_where_it_is_sent_and_takes_no_task_for_a_file(rig, words, written):
    rig.write("buildopt.toml", DOCS)
    (rig.root / "sub").mkdir()

    done = rig.call("run", *words)

    assert (done.returncode, done.stdout) == (0, b"docs\n")
    assert reports(rig) == [written]


def test_a_reports_path_is_seen_from_the_root_in_a_file_and_from_here_in_a_call(rig):
    rig.write("buildopt.toml", f'report = "sub/of-file.html"\n{DOCS}')
    (rig.root / "sub").mkdir()
    here = {"cwd": rig.root / "sub", "stdin": subprocess.DEVNULL, "capture_output": True}

    for more in ({}, {"BUILDOPT_REPORT": "of-variable.html"}):
        subprocess.run([PROGRAM, "run", "docs"], env=rig.environ | more, check=True, **here)
    subprocess.run([PROGRAM, "run", "--report", "a.html", "docs"], env=rig.environ, **here)

    assert reports(rig) == ["sub/a.html", "sub/of-file.html", "sub/of-variable.html"]


def reports(rig):
    """Paths of all pages in the project, in order."""
    pages = (path for path in rig.root.rglob("*") if path.is_file())
    found = [path for path in pages if b"<!doctype html>" in path.read_bytes()[:100].lower()]
    return sorted(str(path.relative_to(rig.root)) for path in found)


def test_a_report_that_cannot_be_written_changes_no_status(rig):
    rig.write("made")

    done = rig.call("run", "--report=made/r.html", "--", "echo", "made")

    assert (done.returncode, done.stdout) == (0, b"made\n")
    assert b"cannot write the report `made/r.html`: " in done.stderr


@pytest.mark.parametrize("words", [("--", "echo", "made"), ("docs",)])
def test_quiet_says_nothing_of_a_report_that_was_written(rig, words):
    rig.write("buildopt.toml", DOCS)

    done = rig.call("run", "--quiet", "--report=r.html", *words)

    assert (done.returncode, done.stderr, reports(rig)) == (0, b"", ["r.html"])


def test_quiet_by_a_variable_says_nothing_and_is_answered_at_once_next_time(counted):
    first, second = (call_with(counted, "run", *BUILD, BUILDOPT_QUIET="on") for _ in range(2))

    assert (first.stderr, second.stderr) == (b"", b"")
    assert first.stdout == second.stdout == b"one\n"


def test_shell_by_a_variable_takes_one_text(rig):
    done = call_with(rig, "run", "--", "echo a; echo b", BUILDOPT_SHELL="1", BUILDOPT_QUIET="1")

    assert done.stdout == b"a\nb\n"


def test_a_cache_folder_by_a_variable_is_another_cache(counted):
    other = counted.place / "other"

    call_with(counted, "run", *BUILD, BUILDOPT_CACHE_DIR=str(other))

    assert (runs(counted), other.is_dir()) == (2, True)


def test_an_input_by_a_variable_is_one_by_the_option(rig):
    rig.write("in.txt", "one\n")
    rig.environ["BUILDOPT_INPUT"] = "in.txt"
    rig.run("--", "cat", "in.txt")
    rig.write("in.txt", "two\n")

    changed = rig.run("--", "cat", "in.txt")
    again = rig.run("--", "cat", "in.txt")

    assert (changed.out, changed.reasons) == (b"two\n", [("file-changed", "in.txt")])
    assert again.outcome == "fresh"


def test_no_stdin_by_a_variable_gives_the_command_none(rig):
    rig.environ["BUILDOPT_NO_STDIN"] = "1"

    done = rig.call("run", "--", "cat", stdin=None, input=b"typed")

    assert (done.returncode, done.stdout) == (0, b"")


CALLS = [
    (125, "run", "--", "true"),
    (125, "run", "docs"),
    (2, "config"),
    (2, "config", "--json"),
    (2, "cache", "stats"),
    (2, "explain", "--", "true"),
    (2, "trace", "--", "true"),
]


@pytest.mark.parametrize(("status", "words"), [(status, words) for status, *words in CALLS])
def test_bad_settings_end_a_call_before_anything_is_done(rig, status, words):
    rig.write("buildopt.toml", "quiet = true\n\n\ntimout_s = 4\n")

    done = rig.call(*words)

    assert (done.returncode, done.stdout) == (status, b"")
    first, second = done.stderr.decode().splitlines()
    assert first == "buildopt: cannot read settings `buildopt.toml`: line 4: unknown key `timout_s`"
    assert second.startswith("hint: ")
    assert second.endswith(" See docs/messages.md#unknown-key")


@pytest.mark.parametrize(("status", "words"), [(125, ["run", "--", "true"]), (2, ["config"])])
def test_a_bad_variable_ends_a_call_too(rig, status, words):
    done = call_with(rig, *words, BUILDOPT_CACHE="mabye")

    assert done.returncode == status
    assert b"`BUILDOPT_CACHE`: it cannot be `mabye`" in done.stderr


def test_commands_that_only_look_do_without_the_settings(rig):
    rig.write("buildopt.toml", "quiet = = true\n")

    assert rig.call("runs").returncode == 0


def test_an_unknown_task_is_told_with_the_nearest(rig):
    rig.write("buildopt.toml", '[tasks.docs]\ncommand = "true"\n')

    done = rig.call("run", "dcos")

    assert (done.returncode, b"did you mean `docs`?" in done.stderr) == (125, True)


def configured(rig):
    rig.write("buildopt.toml", '# ours\ncache = "read"\n\n[tasks.docs]\ncommand = "make docs"\n')
    users = rig.place / ".config" / "buildopt" / "buildopt.toml"
    users.parent.mkdir(parents=True)
    users.write_text('verbose = true\ncache = "off"\n')
    return users


def test_config_tells_every_value_with_its_origin(rig):
    users = configured(rig)

    settings = json.loads(rig.call("config", "--json").stdout)["settings"]

    at = {"variable": None, "file": str(rig.root / "buildopt.toml")}
    assert settings["cache"] == {"value": "read", "origin": "project file", "line": 2, **at}
    assert settings["tasks.docs.command"]["line"] == 5
    assert settings["verbose"]["file"] == str(users)
    assert settings["observe"]["variable"] == "BUILDOPT_OBSERVE"
    assert settings["quiet"]["origin"] == "default"
    assert settings["cache_dir"]["value"] == str(rig.cache)


def test_config_of_some_keys_tells_only_those_in_plain_columns(rig):
    configured(rig)

    done = rig.call("config", "cache", "observe", "tasks")

    assert [" ".join(line.split()) for line in done.stdout.decode().splitlines()] == [
        'cache "read" project file buildopt.toml:2',
        'observe "declared" BUILDOPT_OBSERVE',
        'tasks.docs.command ["make", "docs"] project file buildopt.toml:5',
    ]


def test_config_on_a_terminal_is_a_table(rig):
    configured(rig)
    ours, theirs = pty.openpty()

    done = rig.call("config", "tasks", stdout=theirs, stderr=None, capture_output=False)

    os.close(theirs)
    assert done.returncode == 0
    assert "─" in read_all(ours)


def read_all(descriptor):
    """What a terminal got; it is an error to read on when nobody has its other end."""
    pieces = []
    with open(descriptor, "rb", buffering=0) as terminal:
        try:
            while piece := terminal.read(4096):
                pieces.append(piece)
        except OSError:
            pass
    return b"".join(pieces).decode()


def test_config_of_an_unknown_key_asks_for_the_nearest(rig):
    done = rig.call("config", "cache_limt")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"did you mean `cache_limit`?" in done.stderr


def test_config_says_which_variable_sets_nothing(rig):
    done = call_with(rig, "config", "quiet", BUILDOPT_QIUET="1", BUILDOPT_OF_OTHERS="1")

    said = b"buildopt: the variable `BUILDOPT_QIUET` sets nothing; did you mean `BUILDOPT_QUIET`?\n"
    assert (done.returncode, done.stderr) == (0, said)


def test_schema_prints_one_object(rig):
    done = rig.call("schema")

    assert json.loads(done.stdout)["properties"]["quiet"]["type"] == "boolean"


def test_config_can_be_read_where_the_output_is_no_unicode(rig):
    rig.write("buildopt.toml", 'input = ["é"]\n')

    done = call_with(rig, "config", "input", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert (done.returncode, done.stdout.split()[1]) == (0, b'["\\xe9"]')


def test_settings_files_are_checked_one_by_one_wherever_they_are(rig):
    rig.write("web/buildopt.toml", "cach = 1\n")
    rig.write("package.json", '{"name": "x"}')

    wrong = rig.call("config", "--check", "package.json", "web/buildopt.toml")
    right = rig.call("config", "--check", "package.json")
    missing = rig.call("config", "--check", "gone.toml")

    assert (wrong.returncode, right.returncode, missing.returncode) == (2, 0, 2)
    assert b"`web/buildopt.toml`: line 1: unknown key `cach`" in wrong.stderr
    assert right.stdout == right.stderr == b""
    assert b"there is no file `gone.toml`" in missing.stderr
