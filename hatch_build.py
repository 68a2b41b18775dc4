"""Builds the scripts of pages when a wheel or an sdist is made, where Node is.

Nothing here may fail an installation: without Node, without a network or with any other trouble
the wheel is made without them, a line says so, and pages show tables and pictures.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INSTALL = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline",
           "--fetch-retries=1", "--fetch-timeout=20000")  # fmt: skip
PLACES = (
    "buildopt/report/assets", "monitor_plugins/dashboard/built", "monitor_plugins/web/built",
)  # fmt: skip
"""Where the scripts go; the first one remembers what they were made of."""
INSTALL_LIMIT_S = 90
BUILD_LIMIT_S = 60
NOT_BUILT = "the scripts of pages were not built, they show tables and pictures only: "


class FrontEnd(BuildHookInterface):
    """Hatchling's hook for wheel, editable install and sdist."""

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002
        """Make the scripts, unless those of the same sources are there."""
        try:
            build_scripts(Path(self.root))
        except Exception as error:  # noqa: BLE001 - whatever it is, the installation goes on
            self.app.display_warning(NOT_BUILT + str(error))


def build_scripts(root: Path) -> None:
    """Put the scripts where the pages take them from; raises with a reason where it cannot."""
    sources, places = root / "frontend", [root / place for place in PLACES]
    stamp = places[0] / "sources.sha256"
    digest = digest_of(sources)
    if stamp.is_file() and stamp.read_text() == digest:
        return
    npm = shutil.which("npm")
    node = shutil.which("node")
    if not npm or not node:
        raise FileNotFoundError("Node and npm are not installed")
    for place in places:  # old scripts would be worse than none
        shutil.rmtree(place, ignore_errors=True)
    run((npm, *INSTALL), sources, INSTALL_LIMIT_S)
    run((node, "build.mjs"), sources, BUILD_LIMIT_S)
    stamp.write_text(digest)


def digest_of(sources: Path) -> str:
    """Of names and contents of all that the scripts are made from."""
    found = hashlib.sha256()
    for path in sorted(files_in(sources)):
        content = path.read_bytes()
        found.update(f"{path.relative_to(sources).as_posix()}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()


def files_in(folder: Path) -> Iterator[Path]:
    """All files but installed packages."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != "node_modules":
            yield from files_in(path)
        elif path.is_file():
            yield path


def run(command: tuple[str, ...], folder: Path, limit_s: float) -> None:
    """Run it in a group of its own, so that nothing of it outlives the limit."""
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=limit_s)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode:
        last = " ".join(said.split()[-30:])
        raise RuntimeError(f"`{' '.join(command[:2])}` failed: {last}")
