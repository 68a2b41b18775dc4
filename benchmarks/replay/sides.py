"""One build beside the other: the bare command in one tree, the wrapped one in the other."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from trees import differences

from buildopt import journal
from buildopt.events import RunFinished

PROGRAM = Path(sys.executable).parent / "buildopt"
TIMES = re.compile(
    rb"\b\d+(\.\d+)?\s?(ms|s)\b|(?<=duration_ms[ :])\s?\d+(\.\d+)?"
    rb"|\b\d\d:\d\d:\d\d\b|\b\d{4}-\d\d-\d\d\b|\b\d\d-\d\d-\d{4}\b"
    rb"|\d{4}-\d\d-\d\dT[\d_:.]+Z"
)
"""Durations, times of day and dates that tools and tests print, and npm in the names of its logs:
no two runs have the same."""


class Build(NamedTuple):
    """How a command ended, what it took, and what it printed but for times and its place."""

    status: int
    took_s: float
    cpu_s: float
    out: bytes
    err: bytes


class Pair(NamedTuple):
    """Both builds after one edit."""

    bare: Build
    ours: Build
    result: dict[str, Any]  # Any: JSON
    """The result of the wrapped one, as the journal has it."""
    differences: list[str]
    """Paths, `stdout`, `stderr` or `exit status`."""


class Sides(NamedTuple):
    """Where both trees are, and with what the commands are run."""

    place: Path
    programs: str = ""
    """Folder of each tree that is put in front of `PATH`."""

    @property
    def bare(self) -> Path:
        """The tree in which the command runs by itself."""
        return self.place / "bare"

    @property
    def ours(self) -> Path:
        """The tree in which it is wrapped."""
        return self.place / "ours"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the caller's but where programs are, and what registries need."""
        home = self.place / "home"
        home.mkdir(parents=True, exist_ok=True)
        (home / ".npmrc").write_text("update-notifier=false\n", encoding="ascii")
        kept = {
            name: value
            for name, value in os.environ.items()
            if re.match(r"PATH$|LANG$|(npm_config|NPM_CONFIG|PIP|SSL|NODE_EXTRA)_|\w+_proxy$", name)
        }
        return kept | {
            "HOME": str(home),
            "SOURCE_DATE_EPOCH": "1700000000",
            "BUILDOPT_CACHE_DIR": str(self.place / "cache"),
            "BUILDOPT_STATE_DIR": str(self.place / "state"),
        }

    def environment_in(self, tree: Path) -> dict[str, str]:
        """The same with the tree's own programs."""
        environment = self.environment
        if self.programs:
            environment["PATH"] = f"{tree / self.programs}:{environment['PATH']}"
        return environment

    def build(self, command: Sequence[str], *, bare_first: bool) -> Pair:
        """Run the command in both trees, and compare."""
        wrapped = (str(PROGRAM), "run", "--quiet", "--", *command)
        calls = [(self.bare, tuple(command)), (self.ours, wrapped)]
        built = {}
        for tree, argv in calls if bare_first else reversed(calls):
            built[tree] = _run(argv, tree, self.environment_in(tree))
        bare, ours = built[self.bare], built[self.ours]
        return Pair(bare, ours, self._last_result(), self._compare(bare, ours))

    def _last_result(self) -> dict[str, Any]:
        for event in journal.read_backwards(os.fsencode(self.place / "state")):
            if event.type == RunFinished.type:
                found: dict[str, Any] = json.loads(json.dumps(event.data))
                return found
        raise SystemExit("the wrapped run left no result in the journal")

    def _compare(self, bare: Build, ours: Build) -> list[str]:
        found = differences(self.bare, self.ours)
        if bare.status != ours.status:
            found.append("exit status")
        if bare.out != ours.out:
            found.append("stdout")
        if bare.err != ours.err:
            found.append("stderr")
        return found

    def keep(self, number: int, pair: Pair) -> None:
        """Keep what differs, for whoever wants to find out why."""
        for side, build in ((self.bare, pair.bare), (self.ours, pair.ours)):
            kept = self.place / "differences" / str(number) / side.name
            kept.mkdir(parents=True, exist_ok=True)
            (kept / "stdout").write_bytes(build.out)
            (kept / "stderr").write_bytes(build.err)
            for name in pair.differences:
                if (side / name).is_file():
                    (kept / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(side / name, kept / name)


def prepare(argv: Sequence[str], tree: Path, environment: Mapping[str, str]) -> None:
    """Run what is not measured; raises SystemExit with its words if it fails."""
    done = subprocess.run(
        argv, cwd=tree, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        said = os.fsdecode(done.stdout[-2000:] + done.stderr[-2000:])
        raise SystemExit(f"`{' '.join(argv)}` in {tree}: exit {done.returncode}: {said}")


def _run(argv: Sequence[str], tree: Path, environment: Mapping[str, str]) -> Build:
    before, started_s = _cpu_of_children_s(), time.perf_counter()
    done = subprocess.run(
        argv, cwd=tree, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    took_s, cpu_s = time.perf_counter() - started_s, _cpu_of_children_s() - before
    out, err = (_steady(text, tree) for text in (done.stdout, done.stderr))
    return Build(done.returncode, took_s, cpu_s, out, err)


def _cpu_of_children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _steady(text: bytes, tree: Path) -> bytes:
    """The text without times and without the place of its tree."""
    return TIMES.sub(b"TIME", text.replace(os.fsencode(tree), b"TREE"))
