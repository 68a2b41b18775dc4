"""Kills emitters and the importer at random moments and counts what came into the index.

    python benchmarks/journal_kills.py --rounds 1000 [--seed N] [--dir FOLDER]

In each round two emitters write events and samples, and an importer takes them in with small
batches; all are ended by SIGKILL after a random time. Each emitter says of every event that its
`append` has come back. In the end: every such event is in the index, none is there twice, and an
index made anew holds the same rows. Status 1 where that does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable

from buildopt.events import DamageFound
from buildopt.journal import Journal
from buildopt.monitor.importer import Importer, index_path
from buildopt.monitor.samples import Writer

DAY_NS = 86_400 * 10**9
LONGEST_ROUND_S = 0.06


def main() -> int:
    """Run the rounds; the status to exit with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--dir", default="")
    chosen = parser.parse_args()
    folder = chosen.dir or tempfile.mkdtemp(prefix="journal-kills-")
    try:
        result = {"seed": chosen.seed, **run_rounds(folder, chosen.rounds, chosen.seed)}
    finally:
        if not chosen.dir:
            shutil.rmtree(folder)
    print(json.dumps(result))
    return 0 if result["holds"] else 1


def run_rounds(folder: str, rounds: int, seed: int) -> dict[str, object]:
    """Kill in every round; what came of it."""
    random.seed(seed)
    said = os.path.join(folder, "said")
    os.makedirs(folder, exist_ok=True)
    for number in range(rounds):
        # Each fifth round is a day later, so that segments are left and late ones are carried.
        now_ns = time.time_ns() - (rounds - number) // 5 * DAY_NS
        children = [
            start(lambda n=number, t=now_ns: emit(folder, said, f"{n}a", t)),
            start(lambda n=number, t=now_ns: emit(folder, said, f"{n}b", t - DAY_NS)),
            start(lambda: keep_importing(folder)),
        ]
        for _child in children:
            time.sleep(random.random() * LONGEST_ROUND_S / 3)
        random.shuffle(children)
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return checked(folder, said, rounds)


def checked(folder: str, said: str, rounds: int) -> dict[str, object]:
    """What is in the index against what was said."""
    catch_up(folder)
    rows = events(folder)
    subjects = [json.loads(data)["subject"] for _, _, data in rows]
    with open(said, encoding="ascii") as file:
        completed = {line for line in file.read().split("\n") if line.endswith(";")}
    rebuilt = os.path.join(folder, "rebuilt")
    shutil.copytree(os.path.join(folder, "journal"), os.path.join(rebuilt, "journal"))
    catch_up(rebuilt)
    lost = len(completed - set(subjects))
    doubled = len(subjects) - len(set(subjects))
    is_same = events(rebuilt) == rows and samples(rebuilt) == samples(folder)
    return {
        "rounds": rounds, "kills": 3 * rounds, "completed": len(completed), "lost": lost,
        "doubled": doubled, "samples": samples(folder)[0], "rebuilt_is_same": is_same,
        "holds": bool(completed) and not lost and not doubled and is_same,
    }  # fmt: skip


def start(work: Callable[[], None]) -> int:
    """A child that does the work until it is killed."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    finally:
        os._exit(1)


def emit(folder: str, said: str, name: str, now_ns: int) -> None:
    """Write events, and say of each that it is written; now and then a sample."""
    journal = Journal(state=os.fsencode(folder), source=f"/h/p/{name}", run_id="")
    writer = Writer(folder)
    descriptor = os.open(said, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    number = 0
    while True:
        number += 1
        subject = f"{name}-{number};"
        journal.append(DamageFound(subject=subject, action="a"), now_ns=now_ns)
        os.write(descriptor, f"\n{subject}\n".encode())
        if number % 7 == 0:
            writer.append(name, now_ns + number * 1_000_000, {"number": number})
        time.sleep(0.0005)


def keep_importing(folder: str) -> None:
    """Import in small batches."""
    importer = Importer(folder, batch_records=11)
    while True:
        importer.step()


def catch_up(folder: str) -> None:
    """Import all that is left."""
    importer = Importer(folder)
    importer.catch_up()
    if importer.trouble:
        sys.exit(importer.trouble)
    importer.close()


def events(folder: str) -> list[tuple[object, ...]]:
    """The emitters' events, in the order of the stream."""
    select = (
        "SELECT position, event_id, data FROM events"
        " WHERE type = 'buildopt.cache.damage_found' ORDER BY id"
    )
    with sqlite3.connect(index_path(folder)) as connection:
        return connection.execute(select).fetchall()


def samples(folder: str) -> tuple[int, float]:
    """How many samples are in the index, and the sum of their values."""
    with sqlite3.connect(index_path(folder)) as connection:
        select = "SELECT name FROM sqlite_schema WHERE name GLOB 'samples_[0-9]*'"
        tables = [name for (name,) in connection.execute(select)]
        sums = [
            connection.execute(f"SELECT count(*), total(value) FROM {table}").fetchone()
            for table in tables
        ]
    return sum(n for n, _ in sums), sum(total for _, total in sums)


if __name__ == "__main__":
    sys.exit(main())
