"""Captures, as plain text, what a person sees in a terminal: three scenes played in tmux.

    python -m benchmarks.terminal_capture FILE

A Vite build live and replayed; Ctrl-C during one; two runs of one task at once. Needs tmux and npm.
The sample is copied and installed in a temporary folder, with a cache of its own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "fixtures" / "projects" / "vite-react"
PROGRAM_FOLDER = Path(sys.executable).parent
SIZE = ("-x", "100", "-y", "30")
PROMPT = "$ "
PATIENCE_S = 300
LOOK_EVERY_S = 0.1
BUILD = "buildopt run -- node_modules/.bin/vite build"


class Scene:
    """A tmux server of its own with one window, whose panes have a bare shell each."""

    def __init__(self, place: Path, panes: int) -> None:
        self._socket = str(place / f"tmux-{time.monotonic_ns()}")
        self._environ = {
            "PATH": f"{PROGRAM_FOLDER}:{os.environ['PATH']}",
            "HOME": str(place),
            "PS1": PROMPT,
            "BUILDOPT_CACHE_DIR": str(place / "cache"),
            "BUILDOPT_STATE_DIR": str(place / "state"),
            "LANG": "C.UTF-8",
        }
        shell = ("sh", "-i")
        self._tmux("new-session", "-d", *SIZE, "-c", str(place / "project"), *shell)
        for _ in range(panes - 1):
            self._tmux("split-window", "-v", "-c", str(place / "project"), *shell)

    def type(self, text: str, pane: int = 0) -> None:
        """Type a line, or a key such as C-c."""
        words = (text,) if text.startswith("C-") else (text, "Enter")
        self._tmux("send-keys", "-t", f":0.{pane}", *words)

    def press(self, key: str) -> None:
        """A key by itself."""
        self._tmux("send-keys", "-t", ":0.0", key)

    def wait_for(self, text: str, count: int = 1, pane: int = 0) -> None:
        """Look until the pane shows `text` so often."""
        self._look_until(lambda: self.shown(pane).count(text) >= count, pane)

    def wait_for_prompt(self, pane: int = 0) -> None:
        """Look until the shell waits for the next line."""
        self._look_until(lambda: self.shown(pane).endswith(f"\n{PROMPT.rstrip()}"), pane)

    def shown(self, pane: int = 0) -> str:
        """What the pane shows, and what has scrolled off it."""
        return self._tmux("capture-pane", "-p", "-S", "-", "-t", f":0.{pane}").rstrip()

    def close(self) -> None:
        """End the server and all in it."""
        self._tmux("kill-server")

    def _look_until(self, is_reached: Callable[[], bool], pane: int) -> None:
        until_s = time.monotonic() + PATIENCE_S
        while not is_reached():
            if time.monotonic() > until_s:
                raise TimeoutError(self.shown(pane))
            time.sleep(LOOK_EVERY_S)

    def _tmux(self, *words: str) -> str:
        command = ("tmux", "-f", os.devnull, "-S", self._socket, *words)
        return subprocess.run(
            command, env=self._environ, stdout=subprocess.PIPE, text=True, check=True
        ).stdout


def main() -> None:
    """Play the scenes and write what was shown into the file."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        project = place / "project"
        shutil.copytree(SAMPLE, project)
        subprocess.run(["npm", "ci", "--silent"], cwd=project, check=True)
        shown = [
            played(place, "A build, live and replayed", live_and_replayed),
            played(place, "Ctrl-C during a build", interrupted),
            played(place, "Two runs at once", two_at_once, panes=2),
        ]
        Path(sys.argv[1]).write_text("\n\n\n".join(shown) + "\n")


def played(place: Path, title: str, play: Callable[[Scene], None], panes: int = 1) -> str:
    """What the panes show when a scene is over and their shells wait for more."""
    scene = Scene(place, panes)
    try:
        play(scene)
        for pane in range(panes):
            scene.wait_for_prompt(pane)
        shown = [scene.shown(pane) for pane in range(panes)]
    finally:
        scene.close()
    return f"==== {title} ====\n" + "\n---- the other pane ----\n".join(shown)


def live_and_replayed(scene: Scene) -> None:
    """The same build twice, the second time with its outputs deleted."""
    scene.type(BUILD)
    scene.wait_for("buildopt: executed")
    scene.wait_for_prompt()
    scene.type(f"rm -rf dist; {BUILD}")
    scene.wait_for("buildopt: ", count=2)


def interrupted(scene: Scene) -> None:
    """Ctrl-C while it builds."""
    scene.type(f"echo '# New' >src/notes/new.md; {BUILD}")
    scene.wait_for("building client environment")
    scene.type("C-c")
    scene.wait_for("buildopt:")
    scene.wait_for_prompt()
    scene.type("echo status $?; pgrep -af $PWD/node_modules || echo nobody is left")
    scene.wait_for("nobody is left", count=2)


def two_at_once(scene: Scene) -> None:
    """One task in two panes: the second waits for the first, and is answered."""
    scene.type(BUILD, pane=0)
    scene.wait_for("building client environment", pane=0)
    scene.type(BUILD, pane=1)
    for pane in (0, 1):
        scene.wait_for("buildopt: ", pane=pane)
        scene.wait_for("built in", pane=pane)


if __name__ == "__main__":
    main()
