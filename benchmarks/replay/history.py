"""Replays the last commits of a real project, with its own build and tests.

Each commit of the main line is checked out in two clones, and what its contributors run is run in
both. Where a commit changed what is to be installed, it is installed first, which is not measured.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rows import FIRST, Rows, row_of_tasks
from sides import Sides, prepare


class Project(NamedTuple):
    """A public project: where it is, what is installed for it and when anew, what is run."""

    address: str
    install: tuple[tuple[str, ...], ...]
    installed_from: tuple[str, ...]
    """Files that say what is to be installed."""
    commands: tuple[tuple[str, ...], ...]
    programs: str
    """Folder of the clone that is put in front of `PATH`."""


PROJECTS: Mapping[str, Project] = {
    "marshmallow": Project(
        address="https://github.com/marshmallow-code/marshmallow",
        install=(
            (sys.executable, "-m", "venv", ".venv"),
            (".venv/bin/python", "-m", "pip", "install", "-q", "build", "flit_core<4"),
            (".venv/bin/python", "-m", "pip", "install", "-q", "-e", ".[tests]"),
        ),
        installed_from=("pyproject.toml",),
        commands=(("python", "-m", "build", "-n"), ("pytest",)),
        programs=".venv/bin",
    ),
    "commander": Project(
        address="https://github.com/tj/commander.js",
        install=(("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"),),
        installed_from=("package-lock.json",),
        commands=(("npm", "run", "test-all"),),
        programs="node_modules/.bin",
    ),
}


def replay_history(
    place: Path, rows: Rows, project: Project, edits: int, until_s: float, clone_from: str
) -> None:
    """Build each commit that is still to be built."""
    sides = Sides(place, project.programs)
    trees = (sides.bare, sides.ours)
    for tree in trees:
        if not tree.exists():
            prepare(
                ("git", "clone", "-q", clone_from or project.address, str(tree)),
                place,
                sides.environment,
            )
    commits = _last_commits(sides.bare, edits + 1)
    for number, commit in enumerate(commits):
        if number < len(rows.all):
            continue
        if time.monotonic() > until_s:
            return
        changed = _git(sides.bare, "diff", "--name-only", "HEAD", commit).splitlines()
        is_to_install = number == 0 or not set(changed).isdisjoint(project.installed_from)
        for tree in trees:
            _git(tree, "checkout", "-q", "-f", commit)
            for command in project.install if is_to_install else ():
                prepare(command, tree, sides.environment_in(tree))
        what = _git(sides.bare, "log", "-1", "--format=%h %s").strip()
        pairs = [sides.build(each, bare_first=bool(number % 2)) for each in project.commands]
        for pair in pairs:
            if pair.differences:
                sides.keep(number, pair)
        kind = FIRST if number == 0 else kind_of(changed)
        rows.add(row_of_tasks(number, kind, what, pairs))


def kind_of(changed: Sequence[str]) -> str:
    """What a commit is about, by the files that it changed."""
    if any(name.endswith(("pyproject.toml", "package.json", "-lock.json")) for name in changed):
        return "dependencies, version"
    if any(name.startswith(("src/", "lib/", "typings/")) for name in changed):
        return "source"
    if any(name.startswith("tests/") for name in changed):
        return "test"
    if changed and all(name.startswith(".") for name in changed):
        return "settings of services"
    return "documentation, other"


def _last_commits(tree: Path, count: int) -> list[str]:
    branch = _git(tree, "rev-parse", "origin/HEAD").strip()
    return _git(tree, "rev-list", "--first-parent", f"-{count}", branch).split()[::-1]


def _git(tree: Path, *arguments: str) -> str:
    return subprocess.run(
        ("git", *arguments), cwd=tree, check=True, capture_output=True, text=True
    ).stdout
