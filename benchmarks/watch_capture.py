"""Captures, as plain text, a session of `buildopt watch` in a terminal: the Vite sample in tmux.

    python -m benchmarks.watch_capture FILE

A save, an error, its mending, a branch switch and back, a pause, Ctrl-C. Needs tmux, npm and git.
The sample is copied and installed in a temporary folder, with a cache of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.terminal_capture import SAMPLE, Scene, played

WATCH = "buildopt watch -- node_modules/.bin/vite build --logLevel warn"
WAITING = "buildopt: waiting since"


def main() -> None:
    """Play the session and write what was shown into the file."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        project = place / "project"
        shutil.copytree(SAMPLE, project, ignore=shutil.ignore_patterns("node_modules", "dist"))
        subprocess.run(["npm", "ci", "--silent"], cwd=project, check=True)
        make_branches(project)
        shown = played(place, "Save, error, mending, branch switch", session(project))
        Path(sys.argv[1]).write_text(shown + "\n")


def make_branches(project: Path) -> None:
    """`main`, and `other` with another style."""
    (project / ".gitignore").write_text("node_modules\ndist\n")
    git(project, "init", "-q", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-qm", "main")
    git(project, "checkout", "-qb", "other")
    for name in ("styles.css", "reset.css"):
        add(project / "src" / name, "/* of the other branch */ .other { margin: 1px }\n")
    git(project, "commit", "-qam", "other")
    git(project, "checkout", "-q", "main")


def git(project: Path, *arguments: str) -> None:
    """Run git as somebody."""
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost")
    subprocess.run(["git", *who, *arguments], cwd=project, check=True)


def add(path: Path, text: str) -> None:
    """Save a file with something more at its end."""
    path.write_text(path.read_text() + text)


def session(project: Path) -> Callable[[Scene], None]:
    """What is edited while the session runs; each step waits for what the one before it shows."""
    page, module = project / "src" / "styles.css", project / "src" / "wordcount.ts"

    def play(scene: Scene) -> None:
        scene.type(WATCH)
        scene.wait_for(WAITING)
        add(page, ".saved { color: teal }\n")
        scene.wait_for("buildopt: executed in", count=2)
        scene.wait_for(WAITING)
        good = module.read_text()
        add(module, "export const = 1\n")
        scene.wait_for("not stored: it failed")
        scene.wait_for(WAITING)
        module.write_text(good)
        scene.wait_for("buildopt: `src/wordcount.ts` changed", count=2)
        scene.wait_for("buildopt: fresh")
        scene.wait_for(WAITING)
        git(project, "commit", "-qam", "a save")
        git(project, "checkout", "-q", "other")
        scene.wait_for("`src/reset.css`")
        scene.wait_for("buildopt: executed in", count=4)
        scene.wait_for(WAITING)
        git(project, "checkout", "-q", "main")
        scene.wait_for("buildopt: restored")
        scene.wait_for(WAITING)
        scene.press("p")
        scene.wait_for("paused; p goes on")
        scene.type("C-c")

    return play


if __name__ == "__main__":
    main()
