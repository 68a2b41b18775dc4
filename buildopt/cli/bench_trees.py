"""Two versions of a project beside each other: folders as they are, or work trees of commits."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from buildopt.errors import UsageError
from buildopt.tasks.git import Git


@contextmanager
def trees(root: str, versions: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """A folder for each version: that folder, or a work tree that is gone afterwards."""
    git = Git(root, os.environ)
    with tempfile.TemporaryDirectory(prefix="buildopt-bench-") as place:
        made: list[str] = []
        try:
            folders = [
                version if os.path.isdir(version) else _check_out(git, version, place, made)
                for version in versions
            ]
            yield (os.path.abspath(folders[0]), os.path.abspath(folders[1]))
        finally:
            for folder in made:
                git.ask("worktree", "remove", "--force", folder)


def _check_out(git: Git, version: str, place: str, made: list[str]) -> str:
    folder = os.path.join(place, str(len(made)))
    commit = git.commit(version)
    ended = git.ask("worktree", "add", "--detach", "--force", folder, commit) if commit else None
    if ended is None or ended.returncode:
        lines = ended.stderr.decode(errors="replace").strip().splitlines() if ended else []
        raise UsageError(
            f"cannot check out `{version}`: {lines[-1] if lines else 'git knows no such commit'}",
            hint="name a commit that git has, or a folder",
            slug="bench-version",
        )
    made.append(folder)
    return folder
