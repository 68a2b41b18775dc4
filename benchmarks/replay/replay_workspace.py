"""Replays seeded edits on the generated workspace."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from edits import Developer, State
from rows import FIRST, Rows, row_of
from sides import Sides, prepare
from trees import write_changes
from workspace import CHECK, DEPENDENCY

INSTALL = ("npm", "install", "--no-audit", "--no-fund")
CHANGE_DEPENDENCY = (*INSTALL, "--prefer-offline", "--save-exact", "-w", "@tally/cli")


def replay_workspace(
    place: Path, rows: Rows, developer: Developer, edits: int, until_s: float
) -> None:
    """Make the edits that are still to be made, and build after each."""
    sides = Sides(place)
    if not rows.all:
        _set_up(sides, developer.state)
        pair = sides.build(CHECK, bare_first=True)
        if pair.bare.status:
            raise SystemExit(f"the first build failed: {pair.bare.out!r} {pair.bare.err!r}")
        rows.add(row_of(0, FIRST, "", pair, 1))
    for number in range(1, edits + 1):
        before, edit = developer.state, developer.next()
        if number < len(rows.all):
            continue
        if time.monotonic() > until_s:
            return
        for tree in (sides.bare, sides.ours):
            _bring(tree, before, edit.state, sides)
        pair = sides.build(CHECK, bare_first=bool(number % 2))
        if pair.differences:
            sides.keep(number, pair)
        rows.add(row_of(number, edit.kind, edit.what, pair, rows.usual_tasks))


def _set_up(sides: Sides, state: State) -> None:
    """Both trees as after a clone and an install, with nothing built."""
    for folder in (sides.bare, sides.ours, sides.place / "cache", sides.place / "state"):
        shutil.rmtree(folder, ignore_errors=True)
    write_changes(sides.bare, {}, state.files)
    prepare(INSTALL, sides.bare, sides.environment)
    shutil.copytree(sides.bare, sides.ours, symlinks=True)


def _bring(tree: Path, before: State, after: State, sides: Sides) -> None:
    """From one state to the next; npm writes the manifest and the lock file of its own."""
    write_changes(tree, before.files, after.files)
    if before.dependency != after.dependency:
        wanted = f"{DEPENDENCY}@{after.dependency}"
        prepare((*CHANGE_DEPENDENCY, wanted), tree, sides.environment)
