"""git, run as a program that at most refreshes its index, and its troubles as ours."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import NamedTuple

from buildopt.errors import BuildoptError

_OF_A_HOOK = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX")


class Git(NamedTuple):
    """git in one folder."""

    folder: str
    environ: Mapping[str, str]

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run it; raises BuildoptError only where there is no git."""
        told = {**self.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
        if "GIT_WORK_TREE" not in told:  # a hook of git has a folder that counts from its own
            told = {name: value for name, value in told.items() if name not in _OF_A_HOOK}
        command = ("git", "-C", self.folder, *arguments)
        try:
            return subprocess.run(
                command, env=told, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
        except OSError as error:
            raise BuildoptError(
                f"cannot run `git`: {error.strerror}",
                hint="--affected asks git what changed; without it leave the option out",
                slug="no-git",
            ) from error

    def tell(self, *arguments: str) -> bytes:
        """What it prints; raises BuildoptError where it fails."""
        done = self.ask(*arguments)
        if done.returncode:
            raise BuildoptError(
                f"git cannot tell what changed: {_first_line(done.stderr)}",
                hint=f"try it: git {arguments[0]} in `{self.folder}`",
                slug="git-failed",
            )
        return done.stdout

    def commit(self, name: str) -> str:
        """The commit of a revision; empty where there is none."""
        if not name or name.startswith("-"):
            return ""
        done = self.ask("rev-parse", "--verify", "--quiet", name + "^{commit}")
        return "" if done.returncode else os.fsdecode(done.stdout).strip()


def git_at_top(directory: str, environ: Mapping[str, str]) -> Git:
    """git in the top folder of the work tree around `directory`; raises BuildoptError."""
    git = Git(directory, environ)
    done = git.ask("rev-parse", "--show-toplevel")
    if not done.returncode:
        return Git(os.fsdecode(done.stdout.removesuffix(b"\n")), environ)
    if b"not a git repository" in done.stderr or b"work tree" in done.stderr:
        raise BuildoptError(
            f"`{git.folder}` is in no work tree of git",
            hint="--affected asks git what changed; leave the option out here",
            slug="no-repository",
        )
    raise BuildoptError(
        f"git cannot tell what changed: {_first_line(done.stderr)}",
        hint=f"try it: git status in `{git.folder}`",
        slug="git-failed",
    )


def _first_line(told: bytes) -> str:
    lines = told.decode("utf-8", "backslashreplace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else "it says nothing"
