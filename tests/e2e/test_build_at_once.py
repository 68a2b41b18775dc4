"""`buildopt build` of what is as it was: answered at once, and as the full way answers it."""

import builtins
import json
import os
import subprocess
import sys

import pytest

from buildopt import hit, settings
from buildopt.cli import build_index
from buildopt.cli.build_choice import choose
from buildopt.errors import BuildoptError
from tests.rig import PROGRAM

BUILD = ("build", "--input", "project/src/**", "--output", "project/out")
MAKE = "mkdir -p out; cat src/* > out/all; echo built with $*; echo oops >&2"
PACKAGE = {"name": "x", "scripts": {"build": "x"}}
YARN = {"packageManager": "yarn@1.2.3"}
USERS = "../.config/buildopt/buildopt.toml"
BUILD_SYSTEM = "[build-system]\n"


@pytest.fixture
def project(rig):
    """A package in a folder of a repository; each program says how it was called."""
    for name in ("npm", "yarn", "make", "python3", "cargo"):
        rig.write(f"../bin/{name}", f"#!/bin/sh\n{MAKE}\n", 0o755)
    (rig.place / "early").mkdir()
    rig.environ["PATH"] = f"{rig.place}/early:{rig.place}/bin:{rig.environ['PATH']}"
    rig.write("../.git/HEAD")
    rig.write("package.json", json.dumps(PACKAGE))
    rig.write("src/a.txt", "a")
    rig.environ["BUILDOPT_FAST_PATH"] = "1"
    return rig


def index_of(rig):
    """The index of the build itself, which says something before the run's output."""
    for path in (rig.cache / "v1/hits").iterdir():
        sections = read(path)
        if sections is None or sections["told"]:
            return path
    raise AssertionError("no index of its own")


def read(path):
    return hit.read_index(os.fsencode(path))


def both_ways(rig, *words):
    """The same call by the fast and by the full way."""
    fast = rig.call(*words)
    rig.environ["BUILDOPT_FAST_PATH"] = "0"
    full = rig.call(*words)
    rig.environ["BUILDOPT_FAST_PATH"] = "1"
    return fast, full


def without_times(text):
    return text.partition(b"buildopt: fresh in ")[0]


def test_the_second_build_loads_nothing_but_what_is_built_in(project):
    project.call(*BUILD)
    script = (
        "import os, sys; sys.argv = sys.argv[1:]; from buildopt.__main__ import main; main();"
        "os.write(1, ' '.join(sys.modules).encode())"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, "buildopt", *BUILD], cwd=project.root,
        env=project.environ, stdin=subprocess.DEVNULL, capture_output=True, check=True,
    )  # fmt: skip

    assert project.last_result()["outcome"] == "fresh"
    output, _, modules = done.stdout.partition(b"\n")
    assert output == b"built with run build"
    assert not {b"click", b"json", b"buildopt.settings"} & set(modules.split())


@pytest.mark.parametrize("words", [BUILD, (*BUILD, "--quiet"), (*BUILD, "--", "--mode", "x")])
def test_both_ways_say_and_give_the_same(project, words):
    first = project.call(*words)
    results = []

    for done in both_ways(project, *words):
        assert (done.returncode, done.stdout) == (0, first.stdout)
        assert without_times(done.stderr) == first.stderr.partition(b"buildopt: executed")[0]
        results.append(project.last_result())

    varying = ("run_id", "duration_s", "lookup_s", "time_saved_s", "restore_s")
    fast, full = ({k: v for k, v in each.items() if k not in varying} for each in results)
    assert fast == full


def test_from_a_folder_below_it_is_answered_at_once_too(project):
    below = {"cwd": project.root / "src", "env": project.environ, "stdin": subprocess.DEVNULL}
    for _ in range(2):
        done = subprocess.run([PROGRAM, *BUILD], capture_output=True, check=True, **below)

    assert read(index_of(project))["told"] + b"oops\n" == without_times(done.stderr)
    assert b"in `..`" in done.stderr


CHANGES = {
    "script": lambda rig: rig.write("package.json", json.dumps(PACKAGE | {"scripts": {}})),
    "manager": lambda rig: rig.write("package.json", json.dumps(PACKAGE | YARN)),
    "lockfile": lambda rig: rig.write("yarn.lock"),
    "lockfile above": lambda rig: rig.write("../yarn.lock"),
    "another build": lambda rig: rig.write("Makefile", "all:\n"),
    "python": lambda rig: rig.write("pyproject.toml", BUILD_SYSTEM),
    "cargo": lambda rig: rig.write("Cargo.toml"),
    "task": lambda rig: rig.write("buildopt.toml", "[tasks.build]\ncommand = 'make'\n"),
    "settings": lambda rig: rig.write("buildopt.toml", "quiet = true\n"),
    "user's settings": lambda rig: rig.write(USERS, "quiet = true\n"),
    "repository": lambda rig: rig.write(".git", "gitdir: elsewhere\n"),
    "no repository": lambda rig: (rig.place / ".git").rename(rig.place / "git"),
    "no manifest": lambda rig: (rig.root / "package.json").unlink(),
    "no program": lambda rig: (rig.place / "bin/npm").unlink(),
    "an earlier program": lambda rig: rig.write("../early/npm", "#!/bin/sh\necho early\n", 0o755),
    "input": lambda rig: rig.write("src/a.txt", "b"),
    "output": lambda rig: rig.write("out/all", "spoilt"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_may_change_the_choice_is_looked_at_anew(project, change):
    project.call(*BUILD)
    index = index_of(project)
    assert read(index) is not None

    change(project)

    assert read(index) is None


def test_what_the_link_of_a_program_leads_to_is_looked_at_too(project):
    (project.place / "bin/npm").rename(project.place / "real")
    (project.place / "bin/npm").symlink_to("../link")
    (project.place / "link").symlink_to("real")
    project.call(*BUILD)
    index = index_of(project)
    assert read(index) is not None

    (project.place / "real").rename(project.place / "elsewhere")

    assert read(index) is None


UNRELATED = {
    "git's own file": lambda rig: rig.write("../.git/index", "x"),
    "a file beside": lambda rig: rig.write("notes.md", "x"),
    "a lockfile above the repository": lambda rig: rig.write("../../yarn.lock"),
}


@pytest.mark.parametrize("change", UNRELATED.values(), ids=UNRELATED)
def test_what_has_no_part_in_it_keeps_the_answer(project, change):
    project.call(*BUILD)
    index = index_of(project)

    change(project)

    assert read(index) is not None
    fast, full = both_ways(project, *BUILD)
    assert fast.stdout == full.stdout
    assert without_times(fast.stderr) == without_times(full.stderr)


def test_what_the_build_itself_makes_leaves_no_answer_that_is_older(project):
    """The lockfile that npm writes belongs to the next choice, not to the one before it."""
    project.write("../bin/npm", f"#!/bin/sh\necho >yarn.lock\n{MAKE}\n", 0o755)
    project.call(*BUILD)

    fast, full = both_ways(project, *BUILD)

    assert b"yarn by yarn.lock" in fast.stderr
    assert b"yarn by yarn.lock" in full.stderr


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-"])
def test_where_our_words_cannot_be_written_the_status_is_the_builds(project, redirection):
    line = f"exec {PROGRAM} {' '.join(BUILD)} {redirection}"
    project.write("../bin/npm", "#!/bin/sh\nmkdir -p out\n", 0o755)

    for _ in range(3):
        done = subprocess.run(
            ["sh", "-c", line], cwd=project.root, env=project.environ, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0


@pytest.mark.parametrize("words", [("run", *BUILD[1:], "--", "true"), BUILD])
def test_where_nobody_hears_our_words_the_status_is_the_commands(project, words):
    project.write("../bin/npm", "#!/bin/sh\nmkdir -p out\n", 0o755)
    statuses = []
    for _ in range(3):
        reader, writer = os.pipe()
        os.close(reader)
        statuses.append(project.call(*words, capture_output=False, stderr=writer).returncode)
        os.close(writer)

    assert statuses == [0, 0, 0]
    assert project.last_result()["outcome"] == "fresh"


KINDS = {
    "npm": {"package.json": json.dumps(PACKAGE)},
    "npm with a lockfile": {"package.json": json.dumps(PACKAGE), "package-lock.json": "{}"},
    "yarn": {"package.json": json.dumps(PACKAGE | YARN)},
    "python": {"package.json": "{}", "pyproject.toml": BUILD_SYSTEM},
    "its own python": {
        "pyproject.toml": BUILD_SYSTEM, ".venv/bin/python": "",
        ".venv/lib/python3.11/site-packages/build/__main__.py": "",
    },
    "its own python without build": {
        "pyproject.toml": BUILD_SYSTEM, ".venv/bin/python": "", ".venv/lib/python3.11/x": "",
    },
    "npm with its cache elsewhere": {
        "package.json": json.dumps(PACKAGE), ".npmrc": "cache=./elsewhere\n",
    },
    "cargo": {"Cargo.toml": ""},
    "make": {"makefile": "build:\n"},
    "task": {"buildopt.toml": "[tasks.build]\ncommand = 'make'\n"},
    "user's settings": {USERS: "quiet = true\n", "Makefile": "all:\n"},
    "nothing": {},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("below", [".", "src"])
def test_nothing_is_looked_at_that_the_index_does_not_watch(project, kind, below, monkeypatch):
    (project.root / "package.json").unlink()
    for name, content in kind.items():
        project.write(name, content, 0o755)
    directory = os.path.normpath(project.root / below)
    monkeypatch.chdir(directory)
    environ = project.environ
    looked_at, listed = looks_of(lambda: chosen_in(directory, environ), monkeypatch)

    places = set(build_index._places(settings.load(directory, environ), directory, environ))

    ours = {path for path in looked_at if path.startswith(f"{project.place}/")}
    assert ours
    unwatched = {path for path in ours - places if not leads_to(path, places)}
    # One that puts nothing elsewhere leaves nothing out of a record that could count later.
    assert not {path for path in unwatched if not path.endswith("/.npmrc")}
    assert "cache=" not in kind.get(".npmrc", "") or not unwatched & {f"{project.root}/.npmrc"}
    assert listed <= places


def leads_to(folder, paths):
    """Whether it is looked at only on the way to one of them."""
    return any(path.startswith(f"{folder}/") for path in paths)


def chosen_in(directory, environ):
    try:
        choose(settings.load(directory, environ), directory, (), environ)
    except BuildoptError:
        pass  # nothing builds here


def looks_of(call, monkeypatch):
    """Every path that a call asks the system about, and every folder that it lists."""
    asked, listed = set(), set()

    def telling(function, found):
        def told(path, *words, **options):
            if not isinstance(path, int):
                found.add(os.path.abspath(os.fsdecode(path)))
            return function(path, *words, **options)

        return told

    with monkeypatch.context() as patch:
        for name in ("stat", "lstat", "access", "open", "readlink"):
            patch.setattr(os, name, telling(getattr(os, name), asked))
        for name in ("scandir", "listdir"):
            patch.setattr(os, name, telling(getattr(os, name), listed))
        patch.setattr(builtins, "open", telling(open, asked))
        call()
    return asked, listed
