"""Kills emitters and the importer at random moments and counts what came into the index.

    python benchmarks/journal_kills.py --rounds 1000 [--seed N] [--dir FOLDER]
    python benchmarks/journal_kills.py --each-statement [--every N]

In each round two emitters write events and samples, and an importer takes them in with small
batches; all are ended by SIGKILL after a random time. Each emitter says of every event that its
`append` has come back. In the end: every such event is in the index, none is there twice, and an
index made anew holds the same rows. Status 1 where that does not hold.

With `--each-statement` an importer is killed before its first SQL statement, before its second, and
so on, over one journal with late records, lines that are no events, a lost run and hours to roll
up; what comes of it is always what comes without a kill.
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

from buildopt import journal_line
from buildopt.events import CacheLookup, DamageFound
from buildopt.journal import Journal
from buildopt.monitor import schema
from buildopt.monitor.importer import Importer, index_path
from buildopt.monitor.samples import TYPE as SAMPLE
from buildopt.monitor.samples import Writer
from buildopt.monitor.stream import Reader

DAY_NS = 86_400 * 10**9
LONGEST_ROUND_S = 0.06


def main() -> int:
    """Run the rounds; the status to exit with."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--dir", default="")
    parser.add_argument("--each-statement", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    chosen = parser.parse_args()
    folder = chosen.dir or tempfile.mkdtemp(prefix="journal-kills-", dir=memory_folder())
    try:
        if chosen.each_statement:
            result = kill_at_each_statement(folder, chosen.every)
        else:
            result = {"seed": chosen.seed, **run_rounds(folder, chosen.rounds, chosen.seed)}
    finally:
        if not chosen.dir:
            shutil.rmtree(folder)
    print(json.dumps(result))
    return 0 if result["holds"] else 1


def memory_folder() -> str | None:
    """Where a folder costs no disk, if there is such a place: a kill does not care."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


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
    # A line that a kill has cut off is known to be one when something comes behind it.
    last = Journal(state=os.fsencode(folder), source="/h/p/last", run_id="")
    last.append(DamageFound(subject="last;", action="a"))
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


def kill_at_each_statement(folder: str, every: int) -> dict[str, object]:
    """Kill before the first statement, the second, …; what came of it each time."""
    model = os.path.join(folder, "model")
    write_model(model)
    expected = None
    number, kills, different = 0, 0, []
    while True:
        copy = os.path.join(folder, f"{number}")
        shutil.copytree(model, copy)
        child = start(lambda f=copy, n=number: import_until(f, n))
        is_over = os.waitpid(child, 0)[1] == 0
        if number == 0 and is_over:
            expected = outcome(copy)
            is_over = False
        elif outcome(copy) != expected:
            different.append(number)
        shutil.rmtree(copy)
        if is_over:
            break
        number += every
        kills += 1
    return {"kills": kills, "different": different, "holds": kills > 20 and not different}


def write_model(folder: str) -> None:
    """A journal that gives the importer all of its kinds of work."""
    now_ns = (time.time_ns() // DAY_NS - 3) * DAY_NS
    journal = Journal(state=os.fsencode(folder), source="/h/p/1", run_id="")
    writer = Writer(folder)
    catch_up(folder)
    for number in range(6):
        at_ns = now_ns + number // 3 * DAY_NS
        journal.append(DamageFound(subject=f"e{number}", action="a"), now_ns=at_ns)
        writer.append("system", at_ns, {"number": number})
    catch_up(folder)
    journal.append(DamageFound(subject="late", action="a"), now_ns=now_ns)
    writer.append("system", now_ns + 1_000_000, {"number": 7})
    path = journal_line.segment_path(journal.state, now_ns + DAY_NS)
    with open(path, "ab") as file:
        file.write(b"\nno event\n")
    gone = os.fork()
    if not gone:
        os._exit(0)
    os.waitpid(gone, 0)
    lost = Journal(
        state=journal.state, source=f"/{os.uname().nodename}/p/{gone}", run_id="run-that-is-lost"
    )
    lost.append(CacheLookup(task="t", result="miss"), now_ns=now_ns + DAY_NS)


def import_until(folder: str, number: int) -> None:
    """Import all and roll all up; be killed before statement `number`, unless it is 0."""
    opened, left = schema.open_to_write, [number]

    def count(_statement: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def open_and_count(path: str) -> sqlite3.Connection:
        connection = opened(path)
        connection.set_trace_callback(count)
        return connection

    schema.open_to_write = open_and_count
    catch_up(folder)
    os._exit(0)


def outcome(folder: str) -> tuple[object, ...]:
    """What is in index and stream in the end, whoever took it in, without what is random."""
    catch_up(folder)
    with sqlite3.connect(index_path(folder)) as connection:
        select = "SELECT type, data ->> 'subject', data ->> 'lines', run FROM events"
        told = sorted(map(str, connection.execute(select)))
        rolled = connection.execute("SELECT * FROM rollups").fetchall()
        runs = connection.execute("SELECT run, outcome FROM runs").fetchall()
        unrolled = connection.execute("SELECT * FROM unrolled").fetchall()
        order = connection.execute("SELECT position FROM events ORDER BY id").fetchall()
    read, _ = Reader(folder).read(limit=1_000)
    events_read = [(str(s.position),) for s in read if s.event.type != SAMPLE]
    values = sorted(s.event.data["number"] for s in read if s.event.type == SAMPLE)
    is_one_order = events_read == order
    return told, rolled, runs, unrolled, samples(folder), values, is_one_order


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
    for _ in range(20):  # lost runs are told in the second rest, one hour is rolled up in each
        importer.step()
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
