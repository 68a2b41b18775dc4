"""The unchanged run: what it loads, and that it never says more than it knows."""

import os
import random
import subprocess
import sys

import pytest

from buildopt import hit
from tests.rig import PROGRAM

HEAVY = {
    "asyncio", "click", "dataclasses", "hashlib", "importlib.metadata", "json", "pathlib", "re",
    "rich", "sqlite3", "subprocess", "typing",
}  # fmt: skip
NOT_FOR_A_MISS = {"asyncio", "jinja2", "msgspec", "pluggy", "psutil", "rich", "watchdog"}
LIST_MODULES = """
import os, sys
os._exit = lambda status: None
sys.argv = sys.argv[1:]
try:
    with open(sys.argv[0]) as program:
        exec(compile(program.read(), sys.argv[0], "exec"))
finally:
    with open(os.environ["MODULES"], "w") as target:
        target.write("\\n".join(sys.modules))
"""
RUN = ("run", "--input", "src/**", "--output", "out", "--", "./build.sh")


@pytest.fixture
def project(rig):
    rig.script("build.sh", "mkdir -p out; cat src/* > out/all; echo built")
    rig.write("src/a.txt", "a")
    rig.write("src/sub/b.txt", "b")
    return rig


def modules_of(rig):
    target = rig.place / "modules"
    plain = subprocess.run(
        [sys.executable, "-c", "import os, sys; print('\\n'.join(sys.modules))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    subprocess.run(
        [sys.executable, "-c", LIST_MODULES, PROGRAM, *RUN],
        cwd=rig.root, env=rig.environ | {"MODULES": str(target)}, stdin=subprocess.DEVNULL,
        capture_output=True, check=True,
    )  # fmt: skip
    return set(target.read_text().split("\n")) - set(plain.stdout.split("\n"))


def indexes_of(rig):
    return [os.fsencode(path) for path in (rig.cache / "v1").glob("hits/*")]


def index_of(rig):
    (path,) = (rig.cache / "v1/hits").iterdir()
    return os.fsencode(path)


def test_a_hit_loads_only_what_is_built_in(project):
    project.call(*RUN)

    loaded = modules_of(project)
    loaded = modules_of(project)

    assert project.last_result()["outcome"] == "fresh"
    ours = {name for name in loaded if name.startswith("buildopt")}
    assert ours == {
        "buildopt", "buildopt.__main__", "buildopt.hit", "buildopt.journal_line",
        "buildopt.places",
    }  # fmt: skip
    assert not loaded & HEAVY


def test_a_miss_loads_nothing_that_it_does_not_use(project):
    assert not modules_of(project) & NOT_FOR_A_MISS


@pytest.mark.parametrize(
    "change",
    [
        lambda rig: rig.write("src/a.txt", "A"),
        lambda rig: rig.write("src/c.txt", ""),
        lambda rig: rig.write("src/sub/c.txt", ""),
        lambda rig: (rig.root / "src/a.txt").chmod(0o755),
        lambda rig: (rig.root / "src/sub/b.txt").unlink(),
        lambda rig: rig.write("out/all", "ab"),
        lambda rig: rig.write("out/more", ""),
        lambda rig: (rig.root / "out/all").unlink(),
        lambda rig: rig.script("build.sh", "echo other"),
        lambda rig: rig.write("buildopt.toml", ""),
        lambda rig: os.utime(rig.root / "src/a.txt"),
    ],
)
def test_whatever_changes_the_index_no_longer_knows(project, change):
    project.call(*RUN)
    index = index_of(project)
    assert hit.read_index(index) is not None

    change(project)

    assert hit.read_index(index) is None


@pytest.mark.parametrize("at", range(0, 2_000, 37))
def test_damaged_index_is_none(project, at):
    project.call(*RUN)
    index = index_of(project)
    with open(index, "rb") as file:
        content = file.read()
    at = at % len(content)
    with open(index, "wb") as file:
        file.write(content[:at] + bytes([content[at] ^ 0x21]) + content[at + 1 :])

    assert read_or_none(index) is None


def read_or_none(index):
    try:
        return hit.read_index(index)
    except (OSError, ValueError):
        return None


def test_another_boot_does_not_trust_what_was_young(project, monkeypatch, tmp_path):
    project.call(*RUN)
    index = index_of(project)
    other = tmp_path / "boot_id"
    other.write_text("another boot")

    monkeypatch.setattr(hit, "BOOT_ID", os.fsencode(other))

    assert hit.read_index(index) is None


@pytest.mark.parametrize(
    "options",
    [
        ("--force",),
        ("--dry-run",),
        ("--cache", "off"),
        ("--result-file", "r.json"),
        ("-v", "--report"),
    ],
)
def test_options_that_ask_for_more_are_never_answered_by_the_index(project, options):
    project.call(*RUN)

    project.call("run", *options, *RUN[1:])
    project.call("run", *options, *RUN[1:])

    assert len(list((project.cache / "v1/hits").iterdir())) == 1


SAY_TWICE = ("run", "--quiet", "--input", "x", "--", "sh", "-c", "echo aaaa; echo b >&2")


def into_file(rig, redirections):
    """What is in the file after such a call, and how that was answered."""
    command = ["sh", "-c", f'exec "$@" {redirections}', "sh", PROGRAM, *SAY_TWICE]
    subprocess.run(command, cwd=rig.root, env=rig.environ, stdin=subprocess.DEVNULL, check=True)
    return rig.read("f"), rig.last_result()["outcome"]


def test_two_openings_of_one_file_are_not_answered_as_one(rig):
    as_one = [into_file(rig, ">f 2>&1") for _ in range(2)]
    assert as_one == [(b"aaaa\nb\n", "executed"), (b"aaaa\nb\n", "fresh")]

    twice = [into_file(rig, ">f 2>f") for _ in range(3)]

    assert [outcome for _, outcome in twice] == ["executed", "fresh", "fresh"]
    assert {len(text) for text, _ in twice} == {len(b"aaaa\n")}
    assert twice[1] == twice[2]
    assert into_file(rig, ">f 2>&1") == as_one[1]


def test_two_openings_that_append_are_as_one(rig):
    into_file(rig, ">f 2>&1")
    (rig.root / "f").unlink()

    assert into_file(rig, ">>f 2>>f") == (b"aaaa\nb\n", "fresh")


def test_switched_off_it_gives_the_same_answer(project):
    project.call(*RUN)
    fast = project.call(*RUN)

    project.environ["BUILDOPT_FAST_PATH"] = "0"
    slow = project.call(*RUN)

    assert (fast.stdout, fast.returncode) == (slow.stdout, slow.returncode)
    assert project.last_result()["outcome"] == "fresh"


EDITS = {
    "touch": lambda rig: os.utime(rig.root / "src/a.txt"),
    "edit": lambda rig: rig.write("src/a.txt", "A"),
    "put back": lambda rig: rig.write("src/a.txt", "a"),
    "add": lambda rig: rig.write("src/c.txt", ""),
    "remove": lambda rig: (rig.root / "src/c.txt").unlink(missing_ok=True),
    "spoil": lambda rig: rig.write("out/all", "?"),
    "unrelated": lambda rig: rig.write("notes.md", "?"),
}


def test_whatever_is_edited_the_index_knows_nothing_that_the_full_path_does_not(project):
    shuffled = random.Random(7)
    project.environ["BUILDOPT_FAST_PATH"] = "1"
    known = 0
    for _ in range(40):
        project.call(*RUN)
        EDITS[shuffled.choice(sorted(EDITS))](project)

        vouched = [hit.read_index(path) for path in indexes_of(project)]

        if any(vouched):
            known += 1
            full = project.call("run", "--dry-run", *RUN[1:])
            assert full.returncode == 0, full.stderr
    assert known


def test_a_pipe_as_stdin_is_no_hindrance_where_the_command_gets_an_empty_one(project):
    words = ("run", "--no-stdin", *RUN[1:])

    done = [project.call(*words, stdin=None, input=b"more") for _ in range(3)]

    assert [each.stdout for each in done] == [b"built\n"] * 3
    assert len(indexes_of(project)) == 1


def test_a_stdin_that_only_looks_like_empty_is_not_taken_for_it(project):
    words = ("run", "--input", "--no-stdin", *RUN[1:])

    for _ in range(2):
        project.call(*words, stdin=None, input=b"")

    assert not indexes_of(project)
