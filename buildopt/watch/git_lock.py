"""The file that git holds while it changes a work tree."""

from __future__ import annotations

import os

NAME = "index.lock"


def lock_path(folder: str) -> str:
    """Where that file of the work tree around `folder` would be; empty outside of any."""
    while True:
        found = os.path.join(folder, ".git")
        if os.path.isdir(found):
            return os.path.join(found, NAME)
        if os.path.isfile(found):
            return _of_link(found)
        if folder == os.path.dirname(folder):
            return ""
        folder = os.path.dirname(folder)


def _of_link(path: str) -> str:
    """A further work tree and a submodule have a file that names the folder."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            line = file.readline()
    except OSError:
        return ""
    target = line.removeprefix("gitdir:").strip()
    return os.path.join(os.path.dirname(path), target, NAME) if target else ""
