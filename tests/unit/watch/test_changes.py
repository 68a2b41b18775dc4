"""What is told of a project's changes: real files, real events."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildopt.model import Observation
from buildopt.watch.changes import Watcher
from buildopt.watch.inbox import Changes, Inbox
from buildopt.watch.wanted import inputs_of

WAIT_S = 10.0


class Project:
    """A folder and what is told of it."""

    def __init__(self, root: Path, *, poll: bool) -> None:
        self.root = root
        self.inbox = Inbox()
        self.watcher = Watcher(str(root), self.inbox, poll=poll)

    def start(self, *observations: tuple[str, str]) -> None:
        self.watcher.start(self.inputs(*observations))

    def inputs(self, *observations: tuple[str, str]):
        rows = [Observation(kind, str(self.root / path), "") for kind, path in observations]  # type: ignore[arg-type]
        return inputs_of(rows, str(self.root))

    def told(self, path: str | None = None) -> Changes:
        """All that is told, until `path` is among it."""
        until_s = time.monotonic() + WAIT_S
        changes = Changes()
        while time.monotonic() < until_s:
            select.select([self.inbox], [], [], 0.1)
            changes += self.inbox.take()
            if str(self.root / path) in changes.paths if path else changes:
                return changes
        raise AssertionError(f"{path} was not told: {sorted(changes.paths)}")

    def names(self, changes: Changes) -> set[str]:
        return {os.path.relpath(path, self.root) for path in changes.paths}


@pytest.fixture(params=["events", "polling"])
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.ts").write_text("a")
    project = Project(tmp_path, poll=request.param == "polling")
    yield project
    project.watcher.stop()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path, poll=False)
    yield project
    project.watcher.stop()


def test_a_changed_input_is_told(project: Project) -> None:
    project.start(("file", "src/a.ts"))

    (project.root / "src" / "a.ts").write_text("b")

    project.told("src/a.ts")


def test_an_input_that_is_replaced_by_renaming_is_told(project: Project) -> None:
    project.start(("file", "src/a.ts"))

    (project.root / "src" / "a.ts.tmp").write_text("b")
    (project.root / "src" / "a.ts.tmp").rename(project.root / "src" / "a.ts")

    project.told("src/a.ts")


def test_a_changed_mode_is_told(project: Project) -> None:
    project.start(("file", "src/a.ts"))

    (project.root / "src" / "a.ts").chmod(0o755)

    project.told("src/a.ts")


def test_a_path_that_was_looked_for_in_vain_is_told_when_it_appears(project: Project) -> None:
    project.start(("absent", "src/a/index.ts"))

    (project.root / "src" / "a").mkdir()
    (project.root / "src" / "a" / "index.ts").write_text("new")

    project.told("src/a/index.ts")


def test_a_new_name_in_a_listed_folder_is_told(project: Project) -> None:
    project.start(("listing", "src"))

    (project.root / "src" / "b.ts").write_text("new")

    assert project.names(project.told()) & {"src", "src/b.ts"}


def test_a_removed_input_is_told(project: Project) -> None:
    project.start(("file", "src/a.ts"))

    (project.root / "src" / "a.ts").unlink()

    project.told("src/a.ts")


def test_a_renamed_folder_of_inputs_is_told(project: Project) -> None:
    project.start(("file", "src/a.ts"))

    (project.root / "src").rename(project.root / "lib")

    assert project.names(project.told()) & {"src", "src/a.ts"}


def test_a_new_set_of_inputs_is_followed(project: Project) -> None:
    (project.root / ".gitignore").write_text("node_modules\n")
    package = project.root / "node_modules" / "left"
    package.mkdir(parents=True)
    (package / "index.js").write_text("1")
    project.start(("file", "src/a.ts"))

    project.watcher.follow(project.inputs(("file", "node_modules/left/index.js")))
    (package / "index.js").write_text("2")

    project.told("node_modules/left/index.js")


def test_ignored_folders_are_neither_watched_nor_told_of(watched: Project) -> None:
    (watched.root / ".gitignore").write_text("node_modules\n/dist/\n")
    for number in range(50):
        (watched.root / "node_modules" / f"p{number}").mkdir(parents=True)
    (watched.root / "src").mkdir()
    watched.start()

    (watched.root / "node_modules" / "p1" / "x.js").write_text("x")
    (watched.root / "dist").mkdir()
    (watched.root / "dist" / "out.js").write_text("x")
    (watched.root / "src" / "last.ts").write_text("x")

    told = watched.names(watched.told("src/last.ts"))
    assert not [name for name in told if name.startswith(("node_modules/", "dist/"))]
    assert watched.watcher.coverage().watched == 2


def test_names_of_editors_are_not_told_unless_they_were_read(watched: Project) -> None:
    (watched.root / "notes.txt~").write_text("read by the build")
    watched.start(("file", "notes.txt~"))

    (watched.root / ".a.ts.swp").write_text("x")
    (watched.root / "4913").write_text("x")
    (watched.root / "b.ts~").write_text("x")
    (watched.root / "notes.txt~").write_text("changed")

    assert watched.names(watched.told("notes.txt~")) == {"notes.txt~"}


def test_reading_every_file_tells_nothing(watched: Project) -> None:
    for number in range(200):
        (watched.root / f"f{number}").write_text("x")
    watched.start()

    for number in range(200):
        (watched.root / f"f{number}").read_text()
    (watched.root / "last").write_text("x")

    assert watched.names(watched.told("last")) == {"last"}


def test_files_in_folders_that_were_just_made_are_told(watched: Project) -> None:
    watched.start()

    for number in range(40):
        folder = watched.root / "new" / str(number) / "deep"
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")

    seen: set[str] = set()
    until_s = time.monotonic() + WAIT_S
    wanted = {f"new/{number}/deep/file" for number in range(40)}
    while not wanted <= seen and time.monotonic() < until_s:
        seen |= watched.names(watched.told())
    assert wanted <= seen


def test_a_root_that_is_made_anew_is_watched_again(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    project = Project(root, poll=False)
    project.start()
    try:
        root.rename(tmp_path / "away")
        assert not project.watcher.check_root()
        root.mkdir()
        assert project.watcher.check_root()
        assert project.told().is_rescan

        (root / "again").write_text("x")

        project.told("again")
    finally:
        project.watcher.stop()


def test_an_overflow_is_one_rescan_and_watching_goes_on(watched: Project) -> None:
    (watched.root / "many").mkdir()
    watched.start()
    group = watched.watcher._observer.group  # type: ignore[union-attr]  # to hold its thread
    assert group is not None

    with group._lock:
        (watched.root / "many" / "first").write_text("x")  # its event stops the reader here
        limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        for number in range(limit // 2 + 1_000):
            (watched.root / "many" / str(number)).write_text("x")
    rescans = 0
    until_s = time.monotonic() + WAIT_S
    while not rescans and time.monotonic() < until_s:
        rescans += watched.told().is_rescan
    (watched.root / "many" / "last").write_text("x")

    watched.told("many/last")
    assert rescans == 1


def test_folders_that_the_system_refuses_are_polled(
    watched: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers.inotify_c import InotifyFD

    (watched.root / "a").mkdir()
    (watched.root / "b").mkdir()
    (watched.root / "b" / "input").write_text("x")
    watch = InotifyFD._get_or_create_watch

    def watch_few(self: InotifyFD, path: bytes, *rest: object) -> object:
        if path.endswith(b"/b"):
            raise OSError(28, "inotify watch limit reached")
        return watch(self, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(InotifyFD, "_get_or_create_watch", watch_few)
    watched.start(("file", "b/input"))

    (watched.root / "b" / "input").write_text("changed")

    watched.told("b/input")
    assert watched.watcher.coverage().refused == 1


def test_a_nested_gitignore_and_its_exceptions_count(watched: Project) -> None:
    subprocess.run(["git", "init", "-q", watched.root], check=True)
    (watched.root / "docs").mkdir()
    (watched.root / "docs" / ".gitignore").write_text("*.html\n!keep.html\n")
    watched.start()

    (watched.root / "docs" / "a.html").write_text("x")
    (watched.root / "docs" / "keep.html").write_text("x")

    assert watched.names(watched.told("docs/keep.html")) == {"docs/keep.html"}
