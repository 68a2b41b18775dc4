"""Each way in which editors, tools and git change files is one run of `buildopt watch`, or none."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.watch_rig import Session
from tests.rig import Rig

OBSERVE = "auto"
BUILD = """\
#!/bin/sh
mkdir -p out
cat src/*.txt src/linked/*.txt > out/all.txt 2> /dev/null
echo built
"""
SILENCE_S = 0.8
"""Longer than any watcher needs to find the rest of what a save does."""


def in_place(path: Path, text: str) -> None:
    """VS Code, nano: the file is cut to nothing and written."""
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def vim(path: Path, text: str) -> None:
    """`backupcopy=auto`: a try whether files can be made, then a new file beside a backup."""
    trial = path.with_name("4913")
    trial.touch()
    trial.chmod(path.stat().st_mode)
    trial.unlink()
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    in_place(path, text)
    path.chmod(backup.stat().st_mode)
    backup.unlink()


def vim_by_copy(path: Path, text: str) -> None:
    """`backupcopy=yes`, and a swap file."""
    swap = path.with_name(f".{path.name}.swp")
    swap.write_text("b0VIM")
    backup = path.with_name(path.name + "~")
    shutil.copy2(path, backup)
    in_place(path, text)
    backup.unlink()
    swap.unlink()


def emacs(path: Path, text: str) -> None:
    """A lock that is a link to nothing, and a backup that stays."""
    lock = path.with_name(f".#{path.name}")
    lock.symlink_to("somebody@somewhere.1:2")
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    in_place(path, text)
    lock.unlink()


def jetbrains(path: Path, text: str) -> None:
    """Safe write: two renames around the file."""
    new, old = (path.with_name(f"{path.name}___jb_{each}___") for each in ("tmp", "old"))
    in_place(new, text)
    path.rename(old)
    new.rename(path)
    old.unlink()


def gnome(path: Path, text: str) -> None:
    """gedit and all that use GIO."""
    new = path.with_name(".goutputstream-X4ZZQ2")
    in_place(new, text)
    new.rename(path)


def atomic(path: Path, text: str) -> None:
    """A new file in the place of the old one."""
    new = path.with_name(f"{path.name}.tmp.1234.99")
    in_place(new, text)
    os.replace(new, path)


def sed(path: Path, text: str) -> None:
    """`sed -i`, the real one."""
    expression = f"1s/.*/{text.strip()}/"
    subprocess.run(["sed", "-i", expression, path], check=True)


def with_an_old_time(path: Path, text: str) -> None:
    """Unpacked, or saved by a machine whose clock is behind."""
    in_place(path, text)
    os.utime(path, (1_000_000_000, 1_000_000_000))


SAVES = [
    in_place, vim, vim_by_copy, emacs, jetbrains, gnome, atomic, sed, with_an_old_time,
]  # fmt: skip


@pytest.fixture(params=["events", pytest.param("polling", marks=pytest.mark.slow)])
def start(request: pytest.FixtureRequest, rig: Rig, watch: Callable[..., Session]):
    """Starts a session of the build, and waits until it watches."""
    rig.write("build.sh", BUILD, mode=0o755)
    rig.write("src/a.txt", "1\n")

    def begin(*arguments: str) -> Session:
        poll = ["--poll"] if request.param == "polling" else []
        session = watch(*poll, *arguments, "--", "./build.sh")
        session.until("ready")
        return session

    return begin


def test_each_way_to_save_is_one_run(rig: Rig, start: Callable[..., Session]) -> None:
    session = start()
    seen = {}

    for number, save in enumerate(SAVES):
        save(rig.root / "src" / "a.txt", f"{number} by {save.__name__}\n")
        session.until("finished")
        more = session.runs_until_silent_for(SILENCE_S)
        seen[save.__name__] = (more, rig.read("out/all.txt").decode())

    assert seen == {
        save.__name__: ([], f"{number} by {save.__name__}\n") for number, save in enumerate(SAVES)
    }


def test_touches_and_the_same_content_are_no_run_and_a_changed_mode_counts(
    rig: Rig, start: Callable[..., Session]
) -> None:
    session = start()

    (rig.root / "src" / "a.txt").touch()
    atomic(rig.root / "src" / "a.txt", "1\n")
    rig.write("src/.a.txt.swp", "b0VIM")
    rig.write("unrelated.md", "x")
    is_silent = session.is_silent_for(1.2)
    (rig.root / "build.sh").chmod(0o644)
    broken = session.result()
    (rig.root / "build.sh").chmod(0o755)
    mended = session.result()

    assert is_silent
    assert broken["exit_code"] == 126
    assert mended["exit_code"] == 0


def test_folders_renamed_links_and_another_case_give_the_right_result(
    rig: Rig, start: Callable[..., Session]
) -> None:
    for name in ("one", "two"):
        rig.write(f"shared/{name}/x.txt", f"{name}\n")
    (rig.root / "src" / "linked").symlink_to("../shared/one")
    session = start()
    built = {}

    def note(name: str) -> None:
        session.until("finished")
        session.runs_until_silent_for(SILENCE_S)
        built[name] = rig.read("out/all.txt").decode()

    rig.write("shared/one/x.txt", "one, changed\n")
    note("a file behind a link")
    (rig.root / "src" / "linked").unlink()
    (rig.root / "src" / "linked").symlink_to("../shared/two")
    note("another target")
    rig.write("src/b.txt", "2\n")
    note("a new file")
    (rig.root / "src" / "a.txt").rename(rig.root / "src" / "C.txt")
    (rig.root / "src" / "C.txt").rename(rig.root / "src" / "c.txt")
    note("another name")
    (rig.root / "src" / "c.txt").rename(rig.root / "src" / "B.txt")
    note("another case")
    (rig.root / "src").rename(rig.root / "kept")
    note("a folder away")
    (rig.root / "kept").rename(rig.root / "src")
    note("and back")

    assert built == {
        "a file behind a link": "1\none, changed\n",
        "another target": "1\ntwo\n",
        "a new file": "1\n2\ntwo\n",
        "another name": "2\n1\ntwo\n",
        "another case": "1\n2\ntwo\n",
        "a folder away": "",
        "and back": "1\n2\ntwo\n",
    }


def test_a_project_that_is_deleted_and_made_anew_is_built_again(
    rig: Rig, start: Callable[..., Session]
) -> None:
    session = start()

    shutil.rmtree(rig.root)
    rig.root.mkdir()
    rig.write("src/a.txt", "anew\n")
    rig.write("build.sh", BUILD, mode=0o755)
    while session.result()["exit_code"]:
        pass  # it may have been looked at while it was not whole
    rig.write("src/a.txt", "and changed\n")
    session.result()

    assert rig.read("out/all.txt") == b"and changed\n"


@pytest.mark.parametrize("count", [300, pytest.param(5_000, marks=pytest.mark.slow)])
def test_a_branch_switch_is_one_run_and_back_is_an_answer(
    rig: Rig, start: Callable[..., Session], count: int
) -> None:
    git = _repository(rig)
    for number in range(count):
        rig.write(f"src/{number:04}.txt", "main\n")
    git("add", ".")
    git("commit", "-qm", "main")
    git("checkout", "-qb", "other")
    for number in range(count):
        rig.write(f"src/{number:04}.txt", "other\n")
    git("commit", "-qam", "other")
    session = start()

    git("checkout", "-q", "main")
    there = session.result()
    more = session.runs_until_silent_for(SILENCE_S)
    built = rig.read("out/all.txt").decode().split()
    git("checkout", "-q", "other")
    back = session.result()
    git("commit", "-q", "--allow-empty", "-m", "nothing")
    rig.write("src/0000.txt", "touched\n")
    touched = session.until("changed")["paths"]
    session.result()
    more_after = session.runs_until_silent_for(SILENCE_S)

    assert (there["outcome"], more) == ("executed", [])
    assert built == ["main"] * count + ["1"]
    assert (back["outcome"], touched, more_after) == ("restored", ["src/0000.txt"], [])


def _repository(rig: Rig) -> Callable[..., None]:
    environ = {**rig.environ, "GIT_CONFIG_GLOBAL": os.devnull}

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@localhost")
        subprocess.run(["git", *who, *arguments], cwd=rig.root, env=environ, check=True)

    git("init", "-q", "-b", "main")
    rig.write(".gitignore", "/out\n")
    return git
