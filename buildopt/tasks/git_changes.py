"""What changed since a revision: committed, staged, in the work tree, untracked; as git tells.

What git ignores (`node_modules`, build folders) it does not tell of.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from buildopt.errors import BuildoptError, UsageError
from buildopt.tasks.git import Git, git_at_top

DEFAULT_REFS = (
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
"""Tried in this order where `origin/HEAD` names no branch: a fetched one is not behind."""
_SUBMODULE_MODE = b"160000"
Kind = Literal["added", "deleted", "changed"]
_KINDS: Mapping[bytes, Kind] = {b"A": "added", b"T": "added", b"D": "deleted"}
"""By git's letter; a link where a file was is there anew."""


class Base(NamedTuple):
    """What is compared with."""

    commit: str
    words: str
    """For people: `the merge base with `origin/main``."""


class Change(NamedTuple):
    """A path, absolute, that is not as it was; of a folder anything below it may not be."""

    path: str
    kind: Kind
    is_folder: bool = False


class Changes(NamedTuple):
    """All that changed between the base and the work tree of now."""

    base: Base
    paths: tuple[Change, ...]
    base_folders: frozenset[str]
    """Folders that the base has."""


def changes_since(directory: str, ref: str, environ: Mapping[str, str]) -> Changes:
    """What changed in the repository around `directory` since it left `ref`.

    An empty `ref` means the branch that pull requests go to. Raises BuildoptError.
    """
    git = git_at_top(directory, environ)
    base = _base_of(git, ref)
    paths = (*_tracked(git, base), *_untracked(git))
    return Changes(base, tuple(dict.fromkeys(paths)), _folders_of(git, base))


def is_revision(directory: str, name: str, environ: Mapping[str, str]) -> bool:
    """Whether git knows a commit of that name; where there is no git it knows none."""
    try:
        return bool(Git(directory, environ).commit(name))
    except BuildoptError:
        return False


def _base_of(git: Git, ref: str) -> Base:
    head = git.commit("HEAD")
    if not head:
        raise UsageError(
            "there is no commit yet that something could have changed since",
            hint="make the first one, or leave `--affected` out",
            slug="unknown-revision",
        )
    name = ref or _default_ref(git)
    if not name:
        return Base(head, "`HEAD`: no `origin/HEAD`, `main` or `master` is there")
    if not git.commit(name):
        raise UsageError(
            f"git knows no revision `{name}`",
            hint=_fetch_hint(git) or "name a branch, tag or commit that `git log` knows",
            slug="unknown-revision",
        )
    found = os.fsdecode(git.ask("merge-base", name, "HEAD").stdout).strip()
    if not found:
        raise BuildoptError(
            f"`{name}` and `HEAD` have no commit in common here",
            hint=_fetch_hint(git) or "name a revision that `HEAD` comes from",
            slug="no-merge-base",
        )
    short = name.removeprefix("refs/remotes/").removeprefix("refs/heads/")
    if found == git.commit(name):
        return Base(found, f"`{short}`")
    return Base(found, f"the merge base with `{short}`")


def _default_ref(git: Git) -> str:
    done = git.ask("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    named = os.fsdecode(done.stdout).strip()
    return next((name for name in (named, *DEFAULT_REFS) if git.commit(name)), "")


def _fetch_hint(git: Git) -> str:
    if git.ask("rev-parse", "--is-shallow-repository").stdout.strip() != b"true":
        return ""
    return "the clone is shallow: git fetch --unshallow, or `fetch-depth: 0` in CI"


def _tracked(git: Git, base: Base) -> Iterator[Change]:
    """Of each path two fields: `:MODE MODE DIGEST DIGEST STATUS` and its name."""
    told = git.tell(
        "diff", "--raw", "-z", "--no-renames", "--no-relative", "--no-ext-diff",
        "--ignore-submodules=none", base.commit, "--",
    )  # fmt: skip
    fields = told.split(b"\0")
    for head, name in zip(fields[::2], fields[1::2], strict=False):
        before, after, *_, status = head.lstrip(b":").split(b" ")
        yield Change(
            path=_absolute(git, name),
            kind=_KINDS.get(status[:1], "changed"),
            is_folder=_SUBMODULE_MODE in (before, after),
        )


def _untracked(git: Git) -> Iterator[Change]:
    """Files; a repository inside this one is told as a folder."""
    for name in git.tell("ls-files", "--others", "--exclude-standard", "-z").split(b"\0"):
        if name:
            path = _absolute(git, name.rstrip(b"/"))
            yield Change(path=path, kind="added", is_folder=name.endswith(b"/"))


def _folders_of(git: Git, base: Base) -> frozenset[str]:
    told = git.tell("ls-tree", "-r", "-d", "-z", "--name-only", "--full-tree", base.commit)
    names = (name for name in told.split(b"\0") if name)
    return frozenset((git.folder, *(_absolute(git, name) for name in names)))


def _absolute(git: Git, name: bytes) -> str:
    return f"{git.folder.rstrip('/')}/{os.fsdecode(name)}"
