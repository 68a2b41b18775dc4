"""The environment in which a front end runs a hook, told so that the next one of its kind is equal.

pip, build and uv make a folder for each build, install what it requires there and put that first.
What a hook reads there is recorded below `$BUILDENV` (`cache/tokens.py`). Some files of such a
folder hold its own path, so their contents count without it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import buildopt
from buildopt.cache.tokens import BUILD_ENVIRONMENT

PIPS_OWN = "PIP_BUILD_TRACKER"
"""A folder that pip makes for each call; that there is one is all that backends look at."""
OF_PIP = ("site", "sitecustomize.py")
"""How pip makes Python see the folder: a folder on `PYTHONPATH` with this file."""
OF_VENV = ("pyvenv.cfg",)


class BuildEnvironment(NamedTuple):
    """`folder` is empty where nothing was made for the build."""

    folder: str
    path: tuple[str, ...]
    """Where modules are looked for."""
    program: str = ""
    """Our own, which only a run that was started by it can have stand in for script shells."""

    def own_files(self) -> list[str]:
        """Files that hold the folder's path, whatever is installed."""
        if not self.folder:
            return []
        files = [os.path.join(self.folder, *names) for names in (OF_PIP, OF_VENV)]
        if self.program.startswith(self.folder + "/"):
            files.append(self.program)  # its first line; it stands in for the shell of scripts
        return [path for path in files if os.path.isfile(path)]

    def run_command(self) -> list[str]:
        """A `buildopt run` that leaves out what is of one build alone, up to its `--`."""
        ours = [self.program] if self.program else ["-m", "buildopt"]
        words = [sys.executable, "-P", *ours, "run", "--ignore-env", PIPS_OWN]
        for path in self.own_files():
            words += ["--ignore-input", path]
        return words

    def environment(self, environ: Mapping[str, str], *, root: str) -> dict[str, str]:
        """Variables for that `buildopt run` in the project."""
        # PWD: a front end leaves that of its own folder.
        return {**environ, "PWD": root, BUILD_ENVIRONMENT: self.folder}

    def facts(self) -> dict[str, object]:
        """What counts of it and is not seen by watching."""
        return {
            "python": sys.version,
            "path": self.path,
            "packages": sorted(_packages(self.path)),
            "own files": [_text(path) for path in self.own_files()],
        }


def build_environment(environ: Mapping[str, str]) -> BuildEnvironment:
    """That of this process."""
    return BuildEnvironment(_folder(environ), _without_script_folder(sys.path), _program())


def _folder(environ: Mapping[str, str]) -> str:
    for entry in filter(None, environ.get("PYTHONPATH", "").split(os.pathsep)):
        folder, name = os.path.split(os.path.normpath(entry))
        if name == OF_PIP[0] and os.path.isfile(os.path.join(folder, *OF_PIP)):
            return folder
    return sys.prefix if sys.prefix != sys.base_prefix else ""


def _program() -> str:
    """The program that was installed with this package; empty where it cannot be told."""
    packages = os.path.dirname(os.path.dirname(buildopt.__file__))
    above = os.path.normpath(os.path.join(packages, "..", "..", ".."))  # of lib/python3.N
    for folder in (os.path.join(above, "bin"), os.path.dirname(sys.executable)):
        path = os.path.join(folder, "buildopt")
        if os.access(path, os.X_OK):
            return path
    return ""


def _without_script_folder(path: list[str]) -> tuple[str, ...]:
    """The path without the folder of the front end's script, which is no matter of the hook."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    folder = os.path.dirname(script) if script else None
    return tuple(entry for entry in path if entry != folder)


def _packages(path: Iterable[str]) -> list[str]:
    """Names and versions of what is installed: a plugin is found by being there."""
    found = []
    for entry in path:
        try:
            names = os.listdir(entry)
        except OSError:
            continue  # an archive, or not there
        found += [name for name in names if name.endswith((".dist-info", ".egg-info", ".pth"))]
    return found


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
