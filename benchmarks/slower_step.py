"""Tells the story of a step that becomes slower, with real builds, and of one that does not.

python benchmarks/slower_step.py [--sleep 0.8] [--builds 24]

A copy of fixtures/notes in a git repository of its own is built again and again, each time with
another note changed and committed. Then a sleep gets into its renderer. What is printed are the
calls and what they answer: found, attributed, settled by both versions in turn, accepted. In the
second part nothing is changed but notes, and nothing may be claimed. On a machine that others keep
busy the builds alone may show no more than a suspicion; both versions in turn settle that too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FIXTURE = Path(__file__).parents[1] / "fixtures/notes"
PROGRAM = str(Path(sys.executable).parent / "buildopt")
IDENTITY = ("-c", "user.name=notes", "-c", "user.email=notes@example.org")


class Story:
    """A project with its history, in a folder."""

    def __init__(self, place: Path) -> None:
        self.root = place / "notes"
        shutil.copytree(FIXTURE, self.root, ignore=shutil.ignore_patterns("out"))
        (self.root / ".gitignore").write_text("out\n")
        folders = {f"BUILDOPT_{name.upper()}_DIR": str(place / name) for name in ("state", "cache")}
        self._environ = {**os.environ, **folders}
        self._git("init", "-q", "-b", "main")
        self._count = 0

    def builds(self, count: int) -> None:
        """Change a note, commit, build; so often."""
        note = sorted((self.root / "notes").glob("*.md"))[0]
        for _ in range(count):
            self._count += 1
            note.write_text(f"# Note\n\nVersion {self._count}.\n")
            self.commit(f"Note {self._count}")
            self._run((PROGRAM, "run", "--quiet", "--", "./build.sh"))

    def commit(self, subject: str) -> None:
        """Commit all that is there."""
        self._git("add", "-A")
        self._git("commit", "-q", "-m", subject)

    def show(self, *words: str) -> str:
        """Call buildopt and print both the call and the answer."""
        print(f"$ buildopt {' '.join(words)}", flush=True)
        done = self._run((PROGRAM, *words))
        print(done.stdout + done.stderr + f"[exit {done.returncode}]\n", flush=True)
        return done.stdout

    def _git(self, *words: str) -> None:
        subprocess.run(("git", *IDENTITY, *words), cwd=self.root, check=True)

    def _run(self, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.root, env=self._environ, capture_output=True, text=True, check=False
        )


def main() -> None:
    """Tell both parts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sleep", type=float, default=0.8, help="seconds that are added")
    parser.add_argument("--builds", type=int, default=24, help="builds before that")
    parser.add_argument("--plot", help="SVG file of the slower series")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="buildopt-story-") as place:
        tell_slower(Story(Path(place, "slower")), options)
        tell_noise(Story(Path(place, "noise")), options)


def tell_slower(story: Story, options: argparse.Namespace) -> None:
    """A sleep gets into a step."""
    story.builds(options.builds)
    print(f"# {options.builds} builds, each with another note\n")
    story.show("check")
    render = story.root / "render.py"
    render.write_text(render.read_text() + f"\nimport time\ntime.sleep({options.sleep})\n")
    story.commit("Wait for nothing in the renderer")
    for _ in range(20):
        story.builds(1)
        if story._run((PROGRAM, "check")).returncode:
            break
    print(f"# a sleep of {options.sleep} s got into render.py, and builds went on\n")
    checked = story.show("check")
    finding = checked.partition("finding ")[2].split()[0] if "finding " in checked else ""
    if not finding:
        return
    story.show("bench", "--confirm", finding, "--runs", "10")
    story.show("check")
    drawn = ("--plot", options.plot) if options.plot else ()
    story.show("baseline", "show", "build.sh duration (cold", *drawn)
    story.show("baseline", "accept", finding)
    story.show("check")


def tell_noise(story: Story, options: argparse.Namespace) -> None:
    """Nothing but notes changes."""
    story.builds(options.builds)
    print(f"# another project: {options.builds} builds, and only notes changed\n")
    story.show("check")
    story.show("baseline", "list")


if __name__ == "__main__":
    main()
