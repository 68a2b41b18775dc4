"""`buildopt doctor` in surroundings in which something is missing or broken."""

import json
import os
import shutil
import subprocess

import pytest

from tests.rig import PROGRAM

DOCTOR = (PROGRAM, "doctor", "--json")
STATUSES = {"ok", "warning", "problem", "unknown"}


OBSERVE = "auto"


@pytest.fixture
def rig(rig):
    """A project with a `PATH` of its own, on which there is nothing but what a test puts there."""
    (rig.place / "bin").mkdir()
    rig.environ["PATH"] = str(rig.place / "bin")
    return rig


def program(rig, name, text):
    rig.write(f"../bin/{name}", "#!/bin/sh\n" + text, 0o755)


def examined(rig):
    """Status, and the checks by name; the object is all that stands on stdout."""
    done = rig.call("doctor", "--json")
    told = json.loads(done.stdout)
    assert (told["schema"], done.stderr) == (1, b"")
    for check in told["checks"]:
        assert set(check) == {"name", "status", "found", "mend"}
        assert check["status"] in STATUSES
        assert bool(check["mend"]) == (check["status"] != "ok")
    assert done.returncode == (1 if told["status"] == "problem" else 0)
    return told["status"], {check["name"]: check for check in told["checks"]}


def is_told_to_have_no_watching(done, mend):
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0
    assert checks["observer"]["status"] == "warning"
    assert checks["observer"]["found"].startswith("declared")
    assert mend in checks["observer"]["mend"]


def test_a_machine_is_examined_without_leaving_anything(rig):
    before = rig.tree("..")

    status, checks = examined(rig)

    assert status != "problem"
    assert rig.tree("..") == before
    assert {"observer", "kernel", "cache-folder", "state-space", "clock", "git", "terminal"} <= set(
        checks
    )


def test_the_text_begins_with_the_sum_and_has_every_row(rig):
    (rig.root / ".git").mkdir()

    done = rig.call("doctor")

    first, *lines = done.stdout.decode().splitlines()
    assert "warning" in first
    assert "git" in first
    assert any(line.split()[1:3] == ["ok", "cache-folder"] for line in lines)
    at = next(n for n, line in enumerate(lines) if line.split()[1:3] == ["warning", "git"])
    assert lines[at + 1].strip() == "to mend: install git, or put its folder on PATH"
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_cache_folder_that_cannot_be_written_is_a_problem(rig):
    rig.environ["BUILDOPT_CACHE_DIR"] = "/proc/buildopt"

    status, checks = examined(rig)

    assert (status, checks["cache-folder"]["status"]) == ("problem", "problem")
    assert "BUILDOPT_CACHE_DIR" in checks["cache-folder"]["mend"]
    assert "cache-space" not in checks


def test_a_cache_folder_of_which_the_mode_forbids_writing_is_a_problem(rig):
    if not shutil.which("setpriv"):
        pytest.skip("root writes everywhere, and there is no setpriv to give that up")
    rig.cache.mkdir(0o500)
    command = [*DOCTOR]
    if os.geteuid() == 0:
        command = [shutil.which("setpriv"), "--bounding-set=-dac_override", *command]

    done = subprocess.run(command, cwd=rig.root, env=rig.environ, capture_output=True, check=False)

    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    assert "Permission denied" in checks["cache-folder"]["found"]


def test_a_cache_folder_that_is_a_file_is_a_problem(rig):
    rig.cache.write_text("not a folder")

    status, checks = examined(rig)

    assert status == "problem"
    assert "Not a directory" in checks["cache-folder"]["found"]
    assert rig.cache.read_text() == "not a folder"


def test_a_cache_that_others_may_read_is_a_warning(rig):
    rig.run("--observe", "declared", "--input", "x", "--", "/bin/true")
    (rig.cache / "v1").chmod(0o755)

    status, checks = examined(rig)

    assert (status, checks["cache-folder"]["status"]) == ("warning", "warning")
    assert checks["cache-folder"]["mend"] == f"chmod -R go= {rig.cache}/v1"


def test_without_home_there_is_no_place_and_the_rest_is_told_all_the_same(rig):
    for name in ("HOME", "BUILDOPT_CACHE_DIR", "BUILDOPT_STATE_DIR"):
        del rig.environ[name]

    status, checks = examined(rig)

    assert status == "problem"
    assert [checks[name]["status"] for name in ("cache-folder", "state-folder", "clock")] == [
        "problem", "problem", "unknown",
    ]  # fmt: skip
    assert checks["buildopt"]["status"] == "ok"


def test_a_misspelled_setting_is_a_problem_and_the_rest_is_told_all_the_same(rig):
    rig.write("buildopt.toml", 'obsrve = "auto"\n')

    status, checks = examined(rig)

    assert (status, checks["settings"]["status"]) == ("problem", "problem")
    assert "did you mean `observe`?" in checks["settings"]["mend"]
    assert checks["cache-folder"]["status"] == "ok"


def test_a_tool_that_hangs_is_a_warning_and_does_not_live_on(rig):
    program(rig, "yarn", f"echo $$ > {rig.place}/number; exec /usr/bin/tail -f /dev/null")
    program(rig, "node", "echo v20.1.0")

    _, checks = examined(rig)

    assert "in time" in checks["yarn"]["found"]
    assert checks["node"]["found"].startswith("20.1.0")
    with pytest.raises(ProcessLookupError):
        os.kill(int((rig.place / "number").read_text()), 0)


def test_a_tool_that_fails_is_a_warning(rig):
    program(rig, "tsc", "exit 7")

    _, checks = examined(rig)

    assert (checks["tsc"]["status"], "status 7" in checks["tsc"]["found"]) == ("warning", True)
    assert "tsc" not in checks["absent-tools"]["found"]


def test_where_the_encoding_is_ascii_every_byte_is(rig):
    rig.environ |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    rig.environ["BUILDOPT_CACHE_DIR"] = str(rig.place / "Ablage für Gebautes")

    done = rig.call("doctor")

    assert done.stdout.isascii()
    assert b"warning  encoding" in done.stdout
    assert b"f\\xfcr" in done.stdout or b"\\udcc3" in done.stdout


def test_inside_a_watched_command_only_declared_inputs_are_to_be_had(rig):
    done = rig.call("run", "--quiet", "--", *DOCTOR)

    is_told_to_have_no_watching(done, "outside of the command that buildopt watches")


def test_under_a_tracer_of_somebody_else_only_declared_inputs_are_to_be_had(rig):
    done = rig.call("run", "--quiet", "--", "/usr/bin/env", "-u", "BUILDOPT_ACTIVE", *DOCTOR)

    is_told_to_have_no_watching(done, "end the sandbox or tracer")


def test_a_refusal_that_is_remembered_and_holds_no_longer_is_told_with_its_file(rig):
    rig.run("--", "/bin/true")
    (answer,) = (rig.cache / "v1").glob("tracing-*")
    if answer.read_text() != "yes":
        pytest.skip("nothing can be watched here")
    answer.write_text("it was forbidden")

    _, checks = examined(rig)

    assert "it was forbidden" in checks["observer"]["found"]
    assert checks["observer"]["mend"] == f"remove {answer}"
