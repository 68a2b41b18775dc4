"""Watches and instances that the system refuses: the rest is asked for, and nothing is missed."""

from __future__ import annotations

import errno
import os
import select
import threading
import time
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import InotifyFD

from buildopt.model import Observation
from buildopt.watch import changes, inotify
from buildopt.watch.changes import Watcher
from buildopt.watch.inbox import Inbox
from buildopt.watch.wanted import Inputs, inputs_of

WAIT_S = 20.0
FOLDERS = ("", "a", "a/b", "c", "c/d", "c/d/e")


def files_of(root: Path) -> list[Path]:
    for folder in FOLDERS:
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "input").write_text("before")
    return [root / folder / "input" for folder in FOLDERS]


def inputs(root: Path, files: list[Path]) -> Inputs:
    return inputs_of([Observation("file", str(path), "") for path in files], str(root))


def told_within(inbox: Inbox, wanted: set[str]) -> set[str]:
    """What is still missing."""
    until_s = time.monotonic() + WAIT_S
    while wanted and time.monotonic() < until_s:
        select.select([inbox], [], [], 0.1)
        wanted = wanted - inbox.take().paths
    return wanted


@pytest.mark.parametrize("k", range(len(FOLDERS)))
def test_nothing_is_missed_wherever_the_watch_limit_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, k: int
) -> None:
    files = files_of(tmp_path)
    watch, given = InotifyFD._get_or_create_watch, []

    def limited(self: InotifyFD, path: bytes, *rest: object) -> object:
        if path not in given and len(given) >= k:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        given.append(path)
        return watch(self, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(InotifyFD, "_get_or_create_watch", limited)
    monkeypatch.setattr(changes, "REFUSED_INTERVAL_S", 0.05)
    inbox = Inbox()
    watcher = Watcher(str(tmp_path), inbox)
    watcher.start(inputs(tmp_path, files))
    try:
        coverage = watcher.coverage()
        for path in files:
            path.write_text("changed, and longer")
        missing = told_within(inbox, set(map(str, files)))
    finally:
        watcher.stop()

    assert not missing
    assert coverage.reason == ("ENOSPC" if k == 0 else "")
    assert coverage.refused == (0 if k == 0 else len(FOLDERS) - k) or k == 0
    assert not [each for each in threading.enumerate() if isinstance(each, InotifyFD)]


def test_a_folder_that_is_made_when_the_limit_is_reached_is_polled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = InotifyFD._get_or_create_watch

    def limited(self: InotifyFD, path: bytes, *rest: object) -> object:
        if path.endswith(b"late"):
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        return watch(self, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(InotifyFD, "_get_or_create_watch", limited)
    monkeypatch.setattr(changes, "REFUSED_INTERVAL_S", 0.05)
    inbox = Inbox()
    watcher = Watcher(str(tmp_path), inbox)
    watcher.start(Inputs())
    try:
        (tmp_path / "late").mkdir()
        assert not told_within(inbox, {str(tmp_path / "late")})
        is_news, again = watcher.look(), watcher.look()
        inbox.take()
        (tmp_path / "late" / "file").write_text("x")
        missing = told_within(inbox, {str(tmp_path / "late")})
    finally:
        watcher.stop()

    assert (is_news, again, missing) == (True, False, set())


def test_without_any_instance_left_each_input_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def used_up(_: type[InotifyFD]) -> int:
        raise OSError(errno.EMFILE, "inotify instance limit reached")

    monkeypatch.setattr(InotifyFD, "_create_inotify_fd", classmethod(used_up))
    files = files_of(tmp_path)
    inbox = Inbox()
    watcher = Watcher(str(tmp_path), inbox)
    watcher.start(inputs(tmp_path, files))
    try:
        reason = watcher.coverage().reason
        files[-1].write_text("changed, and longer")
        missing = told_within(inbox, {str(files[-1])})
    finally:
        watcher.stop()

    assert (reason, missing) == ("EMFILE", set())


def test_a_package_that_comes_into_an_ignored_folder_is_told_where_it_was_looked_for(
    tmp_path: Path,
) -> None:
    (tmp_path / ".gitignore").write_text("node_modules\n")
    (tmp_path / "node_modules").mkdir()
    index = tmp_path / "node_modules" / "left" / "lib" / "index.js"
    inbox = Inbox()
    watcher = Watcher(str(tmp_path), inbox)
    watcher.start(inputs_of([Observation("absent", str(index), "")], str(tmp_path)))
    try:
        (tmp_path / "node_modules" / "right" / "lib").mkdir(parents=True)
        index.parent.mkdir(parents=True)
        index.write_text("x")
        missing = told_within(inbox, {str(index)})
        watched = watcher.coverage().watched
    finally:
        watcher.stop()

    assert not missing
    assert watched == 4


@pytest.mark.slow
def test_8000_ignored_folders_are_neither_watched_nor_walked_nor_overflow(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("node_modules\n")
    for number in range(4_000):
        (tmp_path / "node_modules" / f"p{number}" / "lib").mkdir(parents=True)
    inbox = Inbox()
    watcher = Watcher(str(tmp_path), inbox)
    watcher.start(inputs_of([], str(tmp_path)))
    rescans = 0
    try:
        until_s = time.monotonic() + 60
        while time.monotonic() < until_s:
            select.select([inbox], [], [], 1.0)
            rescans += inbox.take().is_rescan
            for folder in os.scandir(tmp_path / "node_modules"):
                os.listdir(folder)
        watched = watcher.coverage().watched
    finally:
        watcher.stop()

    assert (rescans, watched) == (0, 1)


def test_the_overridden_names_of_watchdog_are_there() -> None:
    group = inotify.PrunedGroup.__mro__[1]
    emitter = inotify.PrunedEmitter.__mro__[1]

    for owner, names in {
        group: ("_add_all_callbacks", "_recursive_simulate", "_add_callback", "on_queue_overflow"),
        emitter: ("on_thread_start", "get_event_mask_from_filter"),
        InotifyFD: ("_get_or_create_watch",),
    }.items():
        assert not [name for name in names if not hasattr(owner, name)]
