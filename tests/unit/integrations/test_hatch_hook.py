"""Hatchling's hook in real builds of a project whose static files a command makes."""

import subprocess
import sys
import tarfile
import zipfile

import pytest

from buildopt.errors import SettingsError
from buildopt.integrations.hatch import options_of
from tests.rig import Rig

PROJECT = """
[build-system]
requires = ["hatchling", "buildopt"]
build-backend = "hatchling.build"

[project]
name = "knots"
version = "1"
requires-python = ">=3.11"

[tool.hatch.build.hooks.buildopt]
command = "./front.sh"
inputs = ["front/**"]
outputs = ["src/knots/static"]
ensured-targets = ["src/knots/static/*.js"]

[tool.hatch.build.targets.sdist]
include = ["src"]
"""
FRONT = "mkdir -p src/knots/static && cat front/*.js > src/knots/static/app.js && echo made\n"


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path, observe="auto")
    rig.write("pyproject.toml", PROJECT)
    rig.write("src/knots/__init__.py")
    rig.write(".gitignore", "static/\n")
    rig.write("front/a.js", "one;")
    rig.script("front.sh", FRONT)
    return rig


def hatchling(rig, target="wheel"):
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", rig.place / "out"],
        cwd=rig.root, env=rig.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def built(rig):
    """How the command was answered, and what stands in the wheel."""
    done = hatchling(rig)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(rig.place / "out" / "knots-1-py3-none-any.whl") as wheel:
        return rig.last_result()["outcome"], wheel.read("knots/static/app.js")


def test_wheel_has_what_the_command_makes_and_the_second_is_answered(rig):
    first = built(rig)
    again = built(rig)
    rig.write("front/b.js", "two;")
    after_a_new_file = built(rig)
    (rig.root / "src/knots/static/app.js").write_text("stale")

    assert first == ("executed", b"one;")
    assert again == ("fresh", b"one;")
    assert after_a_new_file == ("executed", b"one;two;")
    assert built(rig) == ("restored", b"one;two;")


@pytest.mark.thorough
def test_command_that_fails_or_makes_too_little_ends_the_build(rig):
    rig.script("front.sh", "exit 3\n")
    failed = hatchling(rig)
    rig.script("front.sh", "mkdir -p src/knots/static\n")
    done = hatchling(rig)
    answered = hatchling(rig)

    assert failed.returncode == 1
    assert "failed with status 3" in failed.stderr
    for each in (done, answered):
        assert each.returncode == 1
        assert "did not make src/knots/static/*.js" in each.stderr


@pytest.mark.thorough
def test_sdist_without_the_inputs_brings_what_was_made(rig):
    assert hatchling(rig, "sdist").returncode == 0
    with tarfile.open(rig.place / "out" / "knots-1.tar.gz") as sdist:
        sdist.extractall(rig.place, filter="data")
    rig.root = rig.place / "knots-1"

    assert hatchling(rig).returncode == 0
    assert not (rig.root / "front.sh").exists()
    with zipfile.ZipFile(rig.place / "out" / "knots-1-py3-none-any.whl") as wheel:
        assert wheel.read("knots/static/app.js") == b"one;"


@pytest.mark.thorough
def test_output_outside_goes_where_the_table_says(rig):
    text = PROJECT.replace('["src/knots/static"]', '[{"../web/dist" = "knots/static"}]')
    text = text.replace('["src/knots/static/*.js"]', '["../web/dist/app.js"]')
    rig.root = rig.root / "python"
    rig.write("pyproject.toml", text)
    rig.write("src/knots/__init__.py")
    rig.script("front.sh", "mkdir -p ../web/dist && cat ../web/a.js > ../web/dist/app.js\n")
    rig.write("../web/a.js", "web;")
    (rig.root.parent / ".git").mkdir()

    assert built(rig) == ("executed", b"web;")
    assert built(rig) == ("fresh", b"web;")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "`command` of"),
        ({"command": 3}, "`command` of"),
        ({"command": "x", "inputs": "y"}, "`inputs` of"),
        ({"command": "x", "outputs": "y"}, "`outputs` of"),
        ({"command": "x", "outputs": ["../y"]}, "outside the project"),
        ({"command": "x", "ensured-targets": [1]}, "`ensured-targets` of"),
    ],
)
def test_table_that_makes_no_sense_is_named(table, said):
    with pytest.raises(SettingsError) as raised:
        options_of(table)

    assert said in raised.value.message


def test_command_of_words_needs_no_shell():
    assert options_of({"command": ["npm", "run", "build"]}).command == ("npm", "run", "build")
