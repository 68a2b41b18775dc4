"""From a save to the start of the command, and what waiting costs: ours beside other watchers.

    python -m benchmarks.watch_latency [--files 1000,10000,100000] [--rounds 30] [--idle-s 60]

All watch the same tree (20 files a folder) with their defaults and run the same command, which
stamps its start, reads every file and stamps its end. Ours stores each run, and looks up each save
among the last eight; the stamps do not count (`private`). What is told of each:

    ready     from its start until a save starts the command, first run included
    save      from the end of a save to the start of the command; ours waits 50 ms of quiet in it
    lost      saves that started nothing within 30 s
    idle      share of a processor while nothing happens, all its processes together
    memory    proportional set size of them all

nodemon and chokidar-cli come from npm, watchfiles from PyPI, into a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FILES_A_FOLDER = 20
NAMES = ("buildopt", "nodemon", "chokidar-cli", "watchfiles")
READY_S = 600.0
LOST_S = 30.0
REST_S = 0.6
"""After each run, so that no watcher is still busy with it."""
LOOK_S = 0.001
COMMAND = """\
#!/bin/sh
date +%s%N >> "$STARTS"
mkdir -p out
find src -name '*.txt' -exec cat {} + | cksum > out/sum
date +%s%N >> "$ENDS"
"""


class Watcher(NamedTuple):
    """One of those that are compared."""

    name: str
    argv: tuple[str, ...]


class Measured(NamedTuple):
    """What was seen of one with one size."""

    watcher: str
    files: int
    ready_s: float | None
    """None: no save ever started the command."""
    start_cpu_s: float = 0.0
    saves_s: tuple[float, ...] = ()
    lost: int = 0
    idle_share: float = 0.0
    memory_mb: float = 0.0


class Stamps:
    """A file to which the command adds a line, in nanoseconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text("")

    def all(self) -> list[int]:
        """Those that are whole."""
        whole, _, _ = self.path.read_text().rpartition("\n")
        return [int(line) for line in whole.split()]

    def next(self, known: int, timeout_s: float) -> int | None:
        """The one behind so many; None: it does not come."""
        until_s = time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            found = self.all()
            if len(found) > known:
                return found[known]
            time.sleep(LOOK_S)
        return None


class Command(NamedTuple):
    """What the command tells of its runs."""

    starts: Stamps
    ends: Stamps

    def rest(self) -> None:
        """Wait until it does not run, and has not for a while."""
        while True:
            known = len(self.starts.all())
            while len(self.ends.all()) < known:
                time.sleep(LOOK_S * 10)
            time.sleep(REST_S)
            if len(self.starts.all()) == known:
                return


def main() -> None:
    """Measure all, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", default="1000,10000,100000")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--idle-s", type=float, default=60.0)
    parser.add_argument("--only", default="", help="names of watchers, with commas between")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="watch-latency-") as folder:
        place = Path(folder)
        only = chosen.only.split(",") if chosen.only else NAMES
        watchers = [each for each in installed(place) if each.name in only]
        rows = []
        for count in map(int, chosen.files.split(",")):
            for watcher in watchers:
                rows.append(measured(place, watcher, count, chosen.rounds, chosen.idle_s))
                print(row_of(rows[-1]), file=sys.stderr)
    print_table(rows, chosen.rounds, chosen.idle_s)


def installed(place: Path) -> Iterator[Watcher]:
    """Ours, and the others in their newest versions."""
    script = "sh command.sh"
    program = str(Path(sys.executable).parent / "buildopt")
    yield Watcher("buildopt", (program, "watch", "--quiet", "--", *script.split()))
    tools = place / "tools"
    tools.mkdir()
    npm = ("npm", "install", "--silent", "--prefix", str(tools), "nodemon", "chokidar-cli")
    subprocess.run(npm, check=True)
    nodemon, chokidar = (
        str(tools / "node_modules/.bin" / name) for name in ("nodemon", "chokidar")
    )
    yield Watcher(
        "nodemon", (nodemon, "--quiet", "--watch", "src", "--ext", "txt", "--exec", script)
    )
    yield Watcher("chokidar-cli", (chokidar, "src/**/*.txt", "--silent", "-c", script))
    subprocess.run((sys.executable, "-m", "venv", str(tools / "venv")), check=True)
    pip, watchfiles = (str(tools / "venv/bin" / name) for name in ("pip", "watchfiles"))
    subprocess.run((pip, "install", "--quiet", "watchfiles"), check=True, stderr=subprocess.DEVNULL)
    yield Watcher("watchfiles", (watchfiles, script, "src"))


def measured(place: Path, watcher: Watcher, count: int, rounds: int, idle_s: float) -> Measured:
    """One watcher and one size, in a tree of its own."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        root = Path(folder) / "project"
        files = tree_of(root, count)
        command = Command(Stamps(Path(folder) / "starts"), Stamps(Path(folder) / "ends"))
        environ = {
            **os.environ,
            "HOME": folder,
            "STARTS": str(command.starts.path),
            "ENDS": str(command.ends.path),
            "BUILDOPT_CACHE_DIR": f"{folder}/cache",
            "BUILDOPT_STATE_DIR": f"{folder}/state",
        }
        stamps = [str(command.starts.path), str(command.ends.path)]
        (root / "buildopt.toml").write_text(f"private = {json.dumps(stamps)}\n")
        process = subprocess.Popen(
            watcher.argv, cwd=root, env=environ, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        row = Measured(watcher.name, count, None)
        try:
            ready_s = wait_until_ready(files[0], command, watcher.name)
            if ready_s is None:
                return row
            row = row._replace(ready_s=ready_s, start_cpu_s=cpu_s(process.pid))
            return with_idle(with_saves(row, files, command, rounds), process.pid, idle_s)
        finally:
            end(process)


def with_saves(row: Measured, files: Sequence[Path], command: Command, rounds: int) -> Measured:
    """What comes of saving files here and there."""
    saves: list[float] = []
    lost = 0
    for number in range(rounds):
        command.rest()
        known = len(command.starts.all())
        saved_ns = save(random.choice(files), f"round {number}\n")
        stamp = command.starts.next(known, LOST_S)
        if stamp is None:
            lost += 1
        else:
            saves.append((stamp - saved_ns) / 1e9)
    command.rest()
    return row._replace(saves_s=tuple(saves), lost=lost)


def with_idle(row: Measured, session: int, idle_s: float) -> Measured:
    """What doing nothing costs."""
    before_s = cpu_s(session)
    time.sleep(idle_s)
    share = (cpu_s(session) - before_s) / idle_s
    return row._replace(idle_share=share, memory_mb=memory_mb(session))


def tree_of(root: Path, count: int) -> list[Path]:
    """The project, and its files."""
    files = []
    for number in range(count):
        folder = number // FILES_A_FOLDER
        path = root / "src" / f"d{folder // 50}" / f"d{folder}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n")
        files.append(path)
    (root / "command.sh").write_text(COMMAND)
    (root / "package.json").write_text("{}\n")
    return files


def save(path: Path, text: str) -> int:
    """Write a file anew; the moment, in nanoseconds of the clock."""
    path.write_text(text)
    return time.time_ns()


def wait_until_ready(path: Path, command: Command, name: str) -> float | None:
    """Save again and again until that starts a run; all but one run when they start, too."""
    began_s = time.monotonic()
    if name != "chokidar-cli" and command.ends.next(0, READY_S) is None:
        return None
    known = len(command.starts.all())
    number = 0
    while time.monotonic() - began_s < READY_S:
        save(path, f"ready {number}\n")
        number += 1
        if command.starts.next(known, 0.5) is not None:
            return time.monotonic() - began_s
    return None


def processes(session: int) -> Iterator[Path]:
    """Folders in /proc of all processes of a session."""
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and int(fields(folder)[3]) == session:
                yield folder
        except OSError:
            continue


def fields(folder: Path) -> list[str]:
    """Of /proc/PID/stat, behind the name; see proc(5)."""
    return (folder / "stat").read_text().rsplit(") ", 1)[1].split()


def cpu_s(session: int) -> float:
    """User and system time so far, of those that ended too."""
    ticks = 0
    for folder in processes(session):
        try:
            ticks += sum(map(int, fields(folder)[11:15]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(session: int) -> float:
    """Proportional set size of all."""
    kilobytes = 0
    for folder in processes(session):
        try:
            lines = (folder / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def end(process: subprocess.Popen[bytes]) -> None:
    """End a watcher and all that it started."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        pass
    for folder in list(processes(process.pid)):
        os.kill(int(folder.name), signal.SIGKILL)
    process.wait()


def row_of(row: Measured) -> str:
    """One line of the table."""
    if row.ready_s is None:
        return f"| {row.files:,} | {row.watcher} | never | | | | | | |"
    saves_ms = sorted(second * 1000 for second in row.saves_s) or [float("nan")]
    p50, p95 = statistics.median(saves_ms), saves_ms[int(0.95 * (len(saves_ms) - 1))]
    return (
        f"| {row.files:,} | {row.watcher} | {row.ready_s:.1f} | {row.start_cpu_s:.2f} | {p50:.0f} "
        f"| {p95:.0f} | {row.lost} | {row.idle_share:.2%} | {row.memory_mb:.0f} |"
    )


def print_table(rows: Sequence[Measured], rounds: int, idle_s: float) -> None:
    """All that was seen, and on what machine."""
    machine = f"kernel {platform.release()}, {os.cpu_count()} processors"
    print(f"{rounds} saves each, {idle_s:g} s idle; Python {platform.python_version()}, {machine},")
    print(f"load {os.getloadavg()[0]:.1f} at the end.\n")
    names = ("files", "watcher", "ready, s", "CPU until then, s", "save p50, ms", "p95, ms")
    print(f"| {' | '.join((*names, 'lost', 'idle', 'MB'))} |")
    print(f"| ---: | --- |{' ---: |' * 7}")
    for row in rows:
        print(row_of(row))


if __name__ == "__main__":
    main()
