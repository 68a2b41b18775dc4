"""Hooks of the build backend, called as a front end calls them: in a process inside the project."""

import fcntl
import json
import os
import subprocess
import sys
import zipfile

import pytest

from buildopt.integrations.backend.process import STAGING
from tests.rig import Rig

CALL = """
import json, sys
from buildopt.integrations import pep517
hook, arguments = json.loads(sys.argv[1])
print("returned", getattr(pep517, hook)(*arguments))
"""
BACKEND = '''
"""Packs source.txt, and what else it is told."""
import os, pathlib, sys, zipfile

class UnsupportedOperation(Exception):
    """As of setuptools."""

def build_wheel(folder, config_settings=None, metadata_directory=None):
    source = pathlib.Path("source.txt").read_text()
    if source == "broken":
        raise ValueError("cannot pack a broken source")
    print("packing", os.environ.get("SOURCE_DATE_EPOCH"))
    with zipfile.ZipFile(os.path.join(folder, "x-1-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("x-1.dist-info/METADATA", "Name: x")
        wheel.writestr("x.txt", source.replace("@HERE@", os.getcwd()) + str(config_settings))
    return "x-1-py3-none-any.whl"

def build_sdist(folder, config_settings=None):
    raise UnsupportedOperation("no sdists here")

def get_requires_for_build_wheel(config_settings=None):
    return ["something"]

def build_editable(folder, config_settings=None, metadata_directory=None):
    return "editable in " + folder
'''
PROJECT = """
[tool.buildopt.pep517]
backend = "packing"
backend-path = ["own"]
"""


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path, observe="auto")
    rig.write("pyproject.toml", PROJECT)
    rig.write("own/packing.py", BACKEND)
    rig.write("source.txt", "one")
    return rig


def call(rig, hook, folder, *arguments):
    os.makedirs(folder, exist_ok=True)
    return subprocess.run(
        [sys.executable, "-P", "-c", CALL, json.dumps([hook, [folder, *arguments]])],
        cwd=rig.root, env=rig.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def build(rig, *arguments, folder="out"):
    done = call(rig, "build_wheel", str(rig.place / folder), *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("returned x-1-py3-none-any.whl\n")
    assert not (rig.root / STAGING).exists()
    with zipfile.ZipFile(rig.place / folder / "x-1-py3-none-any.whl") as wheel:
        return rig.last_result().get("outcome"), wheel.read("x.txt").decode()


def test_the_same_hook_again_is_answered_wherever_the_wheel_has_to_go(rig):
    first = call(rig, "build_wheel", str(rig.place / "out"))
    again = call(rig, "build_wheel", str(rig.place / "elsewhere"))

    assert first.stdout == again.stdout == "packing None\nreturned x-1-py3-none-any.whl\n"
    assert [event.data["outcome"] for event in rig.events("buildopt.run.finished")] == [
        "executed", "restored",
    ]  # fmt: skip
    names = ("out", "elsewhere")
    made, given = ((rig.place / name / "x-1-py3-none-any.whl").read_bytes() for name in names)
    assert made == given


def test_changed_source_is_built_anew_and_the_former_one_is_answered(rig):
    build(rig)
    rig.write("source.txt", "two")
    changed = build(rig)
    rig.write("source.txt", "one")

    assert changed == ("executed", "twoNone")
    assert build(rig) == ("restored", "oneNone")


@pytest.mark.thorough
def test_config_settings_and_source_date_epoch_have_records_of_their_own(rig):
    build(rig)
    told = build(rig, {"speed": "high"})
    rig.environ["SOURCE_DATE_EPOCH"] = "1"

    assert told == ("executed", "one{'speed': 'high'}")
    assert build(rig, {"speed": "high"})[0] == "executed"
    del rig.environ["SOURCE_DATE_EPOCH"]
    assert build(rig, {"speed": "high"}) == ("restored", "one{'speed': 'high'}")


def test_failure_shows_the_backends_own_traceback_once(rig):
    rig.write("source.txt", "broken")

    done = call(rig, "build_wheel", str(rig.place / "out"))

    assert done.returncode == 1
    assert done.stderr.count("ValueError: cannot pack a broken source") == 1
    assert done.stderr.count("Traceback") == 1
    assert "integrations" not in done.stderr
    assert build_after_mending(rig) == ("executed", "mendedNone")


def build_after_mending(rig):
    rig.write("source.txt", "mended")
    return build(rig)


def test_what_a_backend_cannot_do_is_told_by_its_own_exception(rig):
    done = call(rig, "build_sdist", str(rig.place / "out"))

    assert done.stderr.rstrip().endswith("packing.UnsupportedOperation: no sdists here")


def test_other_hooks_are_those_of_the_backend(rig):
    script = (
        "from buildopt.integrations import pep517 as backend\n"
        "print(backend.get_requires_for_build_wheel(), backend.build_editable('f'))\n"
        "print(hasattr(backend, 'prepare_metadata_for_build_wheel'))\n"
        "print(backend.UnsupportedOperation.__module__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=rig.root, env=rig.environ, capture_output=True,
        text=True, check=True,
    )  # fmt: skip

    assert done.stdout == "['something'] editable in f\nFalse\npacking\n"
    assert rig.last_result() == {}


@pytest.mark.parametrize("table", ["", "[tool.buildopt.pep517]", PROJECT.replace("packing", "")])
def test_project_that_names_no_backend_is_told_what_to_write(rig, table):
    rig.write("pyproject.toml", table)

    done = call(rig, "build_wheel", str(rig.place / "out"))

    assert done.returncode == 1
    assert "`pyproject.toml` does not say which" in done.stderr
    assert 'hint: add `backend = "hatchling.build"`' in done.stderr


@pytest.mark.thorough
def test_wheel_with_a_path_of_its_project_serves_no_other_place(rig):
    rig.write("source.txt", "in @HERE@ ")
    first = build(rig)
    here = build(rig)
    moved = rig.root.rename(rig.place / "other")
    rig.root = moved

    assert first[1] == here[1] == f"in {rig.place}/project None"
    assert here[0] == "restored"
    assert build(rig)[1] == f"in {moved} None"


@pytest.mark.thorough
def test_wheel_is_answered_in_another_checkout(rig):
    build(rig)
    copy = rig.place / "copies" / "project"
    copy.parent.mkdir()
    rig.root = rig.root.rename(copy)

    assert build(rig) == ("restored", "oneNone")


@pytest.mark.thorough
def test_metadata_told_before_must_be_that_of_the_wheel(rig):
    told = rig.place / "x-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Name: x")
    same = call(rig, "build_wheel", str(rig.place / "out"), None, str(told))
    (told / "METADATA").write_text("Name: y")
    other = call(rig, "build_wheel", str(rig.place / "out"), None, str(told))

    assert same.stdout.count("packing") == 1
    assert other.stdout.count("packing") == 2  # the record does not serve, the backend is asked


def test_where_nothing_can_be_recorded_the_backend_just_builds(rig):
    (rig.place / "cache").write_text("in the way")

    assert build(rig)[1] == "oneNone"


def test_our_own_trouble_is_told_and_the_backend_builds(rig):
    os.mkdir(rig.place / "broken")
    (rig.place / "broken" / "sitecustomize.py").write_text(
        "import sys, subprocess\nsubprocess.run = None\n"
    )
    rig.environ["PYTHONPATH"] = str(rig.place / "broken")

    done = call(rig, "build_wheel", str(rig.place / "out"))

    assert done.returncode == 0
    assert "buildopt: the build backend runs without a cache" in done.stderr
    assert done.stdout.endswith("returned x-1-py3-none-any.whl\n")


def test_second_hook_of_one_project_at_the_same_time_does_not_wait(rig):
    with open(rig.root / "pyproject.toml", "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        assert build(rig) == (None, "oneNone")
