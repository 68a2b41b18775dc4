"""Which commit a run was made of, read from the files of git: no process is started for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

BRANCH_VARIABLES = (
    "GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BUILDKITE_BRANCH",
    "CIRCLE_BRANCH", "BRANCH_NAME", "BUILD_SOURCEBRANCHNAME",
)  # fmt: skip
"""CI systems check a commit out and tell the branch by a variable; a pull request's comes first."""
LONGEST_REF_BYTES = 4_096


class Revision(NamedTuple):
    """A branch and a commit, each empty where it is not known."""

    branch: str = ""
    commit: str = ""


def revision_of(root: str, environ: Mapping[str, str]) -> Revision:
    """What is checked out in the folder `root`; nothing where git does not keep it."""
    own, shared = _folders(root)
    head = _line(os.path.join(own, "HEAD"))
    ref = head.removeprefix("ref: ") if head.startswith("ref: ") else ""
    commit = _commit_of(ref, own, shared) if ref else head
    told = next((environ[name] for name in BRANCH_VARIABLES if environ.get(name)), "")
    branch = ref.removeprefix("refs/heads/") or (told if commit else "")
    return Revision(branch, commit if _is_commit(commit) else "")


def _folders(root: str) -> tuple[str, str]:
    """The git folder of a checkout, and that which its work trees share."""
    marker = os.path.join(root, ".git")
    named = _line(marker)
    if not named.startswith("gitdir: "):
        return marker, marker
    own = os.path.join(root, named.removeprefix("gitdir: "))
    return own, os.path.join(own, _line(os.path.join(own, "commondir")) or ".")


def _commit_of(ref: str, own: str, shared: str) -> str:
    for folder in dict.fromkeys((own, shared)):
        found = _line(os.path.join(folder, ref))
        if found:
            return found
    try:
        with open(os.path.join(shared, "packed-refs"), encoding="utf-8", errors="replace") as file:
            lines = (line.rstrip("\n").partition(" ") for line in file)
            return next((commit for commit, _, name in lines if name == ref), "")
    except OSError:
        return ""


def _line(path: str) -> str:
    """The first line of a small file; empty where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST_REF_BYTES).partition("\n")[0].strip()
    except (OSError, ValueError):  # a NUL in a damaged ref
        return ""


def _is_commit(text: str) -> bool:
    return len(text) in (40, 64) and all(letter in "0123456789abcdef" for letter in text)
