"""Kills the monitor's host and its plugins' processes at random moments while events come in.

    python benchmarks/plugin_kills.py --rounds 1000 [--seed N]

Two counters, one in the host and one in a process of its own, get each event and answer it. At the
end each must have counted every event once, and the journal must hold each answer once.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from buildopt.journal import Journal
from buildopt.monitor.stream import Reader

PLUGIN = """
from buildopt.monitor.hookspecs import fact, hookimpl
BUILDOPT_API = 1
class Answering:
    name, version, types, state_version = "{name}", "1", ("buildopt.test.",), 1
    def handle(self, batch, state):
        for event in batch:
            count = state.get("count", 0) + 1
            state.set("count", count)
            data = {{"count": count, "of": event.data["n"]}}
            yield fact("buildopt.answered", data, time_ns=event.time_ns)
@hookimpl
def consumers():
    return [Answering()]
"""
HOST = """
import sys, time
from importlib.metadata import EntryPoint
from buildopt.monitor.choice import Choice
from buildopt.monitor.hookspecs import ENTRY_POINTS
from buildopt.monitor.host import Host
from buildopt.monitor.loading import load
found = [EntryPoint(name, name, ENTRY_POINTS) for name in ("inside", "outside")]
host = Host(sys.argv[1], load(Choice(trusted=["inside"]), found))
host.start()
print("started", flush=True)
sys.stdin.read()
while not host.is_idle():
    time.sleep(0.05)
sys.exit(not host.stop(10))
"""


def main(rounds: int, seed: int) -> int:
    """Kill, then look; 1 where something was lost or told twice."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        state = f"{scratch}/state"
        for name in ("inside", "outside"):
            Path(scratch, f"{name}.py").write_text(PLUGIN.format(name=name))
        os.environ["PYTHONPATH"] = scratch
        journal = Journal(state=os.fsencode(state), source="/h/p/1", run_id="r")
        emitted = kills = 0
        for _ in range(rounds):
            host = start(state)
            for _ in range(chance.randrange(1, 6)):
                for _ in range(chance.randrange(40)):
                    emitted += 1
                    journal.emit("buildopt.test.finished", {"n": emitted})
                time.sleep(chance.random() * 0.1)
                if chance.random() < 0.3:
                    kills += kill_plugins(host.pid)
            host.kill()
            host.wait()
            kills += 1
        host = start(state)
        host.communicate(timeout=120)
        return told(state, emitted, kills, seed)


def start(state: str) -> subprocess.Popen[bytes]:
    """A host, when it runs."""
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, state], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert host.stdout is not None
    host.stdout.readline()
    return host


def kill_plugins(host: int) -> int:
    """Kill the processes of plugins that a host has now."""
    killed = 0
    for tasks in Path(f"/proc/{host}/task").glob("*/children"):
        for child in tasks.read_text().split():
            os.kill(int(child), signal.SIGKILL)
            killed += 1
    return killed


def told(state: str, emitted: int, kills: int, seed: int) -> int:
    """Print what came out; 1 where it is not as it must be."""
    answers: dict[str, list[tuple[int, int]]] = {"inside": [], "outside": []}
    ids: Counter[tuple[str, str]] = Counter()
    reader, place = Reader(state), None
    while True:
        stored, place = reader.read(place)
        if not stored:
            break
        for _, event in stored:
            ids[event.source, event.id] += 1
            if event.type == "buildopt.answered":
                name = event.source.rpartition("/")[2]
                answers[name].append((event.data["count"], event.data["of"]))
    wanted = [(n, n) for n in range(1, emitted + 1)]
    wrong = sum(found != wanted for found in answers.values())
    twice = sum(count > 1 for count in ids.values())
    verdict = f"wrong, {twice} told twice" if wrong or twice else "each once"
    counts = [len(found) for found in answers.values()]
    print(
        f"seed {seed}: {kills} kills, {emitted} events, answers {counts}, {twice} twice: {verdict}"
    )
    return 1 if wrong or twice else 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = options.parse_args()
    sys.exit(main(chosen.rounds, chosen.seed))
