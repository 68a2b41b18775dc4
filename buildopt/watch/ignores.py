"""Which folders and files of a project nobody wants to hear of: git's rules, and editors' names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache

from pathspec import GitIgnoreSpec

IGNORE_FILES = (".gitignore", ".ignore")
"""Read in every folder; a line of the second goes before one of the first, as ripgrep has it."""
ALWAYS = (".git", ".hg", ".svn", ".jj")
EDITOR_NAMES = (
    "4913",
    "*~",
    ".*.sw?",
    ".#*",
    "#*#",
    "___jb_*___",
    ".goutputstream-*",
    "*.tmp.[0-9]*.[0-9]*",
)
"""What vim, Emacs, JetBrains, gedit and writers of whole files leave for a moment."""
MOST_FOLDERS = 65_536


def is_editor_name(name: str) -> bool:
    """Whether an editor's own file is called so."""
    return any(fnmatchcase(name, pattern) for pattern in EDITOR_NAMES)


class Ignores:
    """The rules of one project. They are read once; make a new one when one of them changed."""

    def __init__(self, root: str, own_folders: Iterable[str] = ()) -> None:
        """`own_folders` are absolute: cache and state, which may lie inside the project."""
        self._root = root
        self._own = frozenset(own_folders)
        self._shared = _shared_rules(root)
        self.is_ignored = lru_cache(MOST_FOLDERS)(self._is_ignored)

    def _is_ignored(self, folder: str) -> bool:
        """Whether a folder (absolute, below the root) is left out, with all that is in it."""
        if folder == self._root or not folder.startswith(self._root.rstrip("/") + "/"):
            return False
        above, name = os.path.split(folder)
        if name in ALWAYS or folder in self._own or self.is_ignored(above):
            return True
        return self._matches(folder + "/")

    def is_ignored_file(self, path: str) -> bool:
        """Whether a file is left out."""
        above, name = os.path.split(path)
        return is_editor_name(name) or self.is_ignored(above) or self._matches(path)

    def _matches(self, path: str) -> bool:
        """The nearest rule that says anything of a path decides; a folder ends with `/`."""
        folder = os.path.dirname(path.rstrip("/"))
        while folder.startswith(self._root):
            for spec in self._rules_of(folder):
                said = spec.check_file(
                    os.path.relpath(path, folder) + path[len(path.rstrip("/")) :]
                )
                if said.include is not None:
                    return said.include
            if folder == self._root:
                break
            folder = os.path.dirname(folder)
        relative = path[len(self._root.rstrip("/")) + 1 :]
        for spec in self._shared:
            said = spec.check_file(relative)
            if said.include is not None:
                return said.include
        return False

    @lru_cache(MOST_FOLDERS)  # noqa: B019  # lives as long as the rules do
    def _rules_of(self, folder: str) -> tuple[GitIgnoreSpec, ...]:
        found = (_read(os.path.join(folder, name)) for name in reversed(IGNORE_FILES))
        return tuple(spec for spec in found if spec is not None)


def _shared_rules(root: str) -> tuple[GitIgnoreSpec, ...]:
    """`.git/info/exclude`, and the user's own for all repositories."""
    paths = [os.path.join(root, ".git", "info", "exclude"), _global_excludes(root)]
    return tuple(spec for path in paths if path and (spec := _read(path)) is not None)


def _global_excludes(root: str) -> str:
    """What git calls `core.excludesFile`."""
    try:
        asked = subprocess.run(
            ("git", "config", "--type=path", "core.excludesFile"),
            cwd=root, capture_output=True, text=True, timeout=5, check=False,
        )  # fmt: skip
        if asked.stdout.strip():
            return asked.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        pass
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(base, "git", "ignore")


def _read(path: str) -> GitIgnoreSpec | None:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return GitIgnoreSpec.from_lines(file)
    except (OSError, ValueError):
        return None
