"""What a project is called, so that its clones and work trees share their records."""

from __future__ import annotations

import os


def project_identity(root: str) -> str:
    """Address of the git remote `origin`, else the name of the folder that holds the repository."""
    git, folder = _repository(root)
    return _origin(git) or os.path.basename(folder) or "root"


def _repository(root: str) -> tuple[str, str]:
    """The git folder with the settings, and the folder that has given the project its name.

    In a work tree `.git` is a file that names a folder of its own, and that the one they share;
    a submodule's has no such.
    """
    marker = os.path.join(root, ".git")
    own = _read(marker).partition("gitdir:")[2].strip()
    if not own:
        return marker, root
    own = os.path.join(root, own)
    shared = _read(os.path.join(own, "commondir")).strip()
    if not shared:
        return own, root
    git = os.path.normpath(os.path.join(own, shared))
    return git, git.removesuffix("/.git")


def _origin(git: str) -> str:
    section = ""
    for line in _read(os.path.join(git, "config")).splitlines():
        words = line.strip()
        if words.startswith("["):
            section = words
        elif section == '[remote "origin"]' and words.partition("=")[0].strip() == "url":
            return _without_credentials(words.partition("=")[2].strip())
    return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def _without_credentials(address: str) -> str:
    """The address of a remote without the user's name and password or token."""
    scheme, mark, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return scheme + mark + host.rpartition("@")[2] + slash + path if mark else address
