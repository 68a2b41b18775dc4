"""What events cost: to emit, to import, to keep, and to ask for a month of them.

    python benchmarks/events_cost.py [--dir FOLDER] [--pairs 9] [--samples 10000000]
                                     [--only emit,locked,import,samples]

Ours and the bare system call or statement take turns (A B A B …) in one process; ratios are of
medians. `locked` holds the index locked for 30 s meanwhile. `samples` writes 40 metrics over 29
days into the journal, imports them, rolls them up, and asks for quantiles of 30 days.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

from buildopt import journal_line
from buildopt.events import DamageFound
from buildopt.journal import Journal
from buildopt.monitor import rollups
from buildopt.monitor.importer import Importer, index_path
from buildopt.monitor.index import Index
from buildopt.monitor.sample_rows import days_kept, table_of
from buildopt.monitor.schema import TABLES

CALLS = 5_000
METRICS = 40
DAYS = 29
LOCKED_S = 30
EVENTS = 60_000
DAY_S = 86_400
START_S = 20_000 * DAY_S


def main() -> None:
    """Measure what was asked for; one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", default="")
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--samples", type=int, default=10_000_000)
    parser.add_argument("--only", default="emit,locked,import,samples")
    chosen = parser.parse_args()
    place = tempfile.mkdtemp(prefix="events-cost-", dir=chosen.dir or None)
    measures: dict[str, Callable[[str], dict[str, object]]] = {
        "emit": lambda folder: emitting(folder, chosen.pairs),
        "locked": locked,
        "import": lambda folder: importing(folder, chosen.pairs),
        "samples": lambda folder: keeping(folder, chosen.samples),
    }
    try:
        for name in chosen.only.split(","):
            folder = os.path.join(place, name)
            os.makedirs(folder)
            print(json.dumps({"what": name, **measures[name](folder)}), flush=True)
    finally:
        shutil.rmtree(place)


def emitting(folder: str, pairs: int) -> dict[str, object]:
    """An event made and appended, its line alone appended, and a bare write of the same bytes."""
    journal = a_journal(folder)
    emit_one(journal)
    path = journal_line.segment_path(journal.state, time.time_ns())
    with open(path, "rb") as file:
        payload = file.read().strip(b"\n").split(b" ", 2)[2]
    record = journal_line.frame(payload)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    descriptor = os.open(os.path.join(folder, "bare"), flags, 0o600)
    ways = {
        "emit": lambda: emit_one(journal),
        "append": lambda: journal_line.append(path, payload),
        "bare": lambda: os.write(descriptor, record),
    }
    taken: dict[str, list[int]] = {name: [] for name in ways}
    for _ in range(pairs):
        for name, way in ways.items():
            taken[name] += timed(way, CALLS)
    os.close(descriptor)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    return {
        "bytes": len(record),
        **{f"{name}_us": quantiles_us(times) for name, times in taken.items()},
        "append_ratio": round(medians["append"] / medians["bare"], 2),
        "emit_ratio": round(medians["emit"] / medians["bare"], 2),
    }


def locked(folder: str) -> dict[str, object]:
    """Emitting for 30 s while the index is locked and an importer waits for it."""
    journal = a_journal(folder)
    emit_one(journal)
    importer = Importer(folder)
    importer.catch_up()
    blocker = sqlite3.connect(index_path(folder), isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    is_over = threading.Event()
    thread = threading.Thread(target=lambda: wait_for(importer, is_over))
    thread.start()
    taken: list[int] = []
    end_s = time.monotonic() + LOCKED_S
    while time.monotonic() < end_s or len(taken) < 100_000:
        taken += timed(lambda: emit_one(journal), 100)
        time.sleep(0.01)
    is_over.set()
    thread.join()
    blocker.execute("ROLLBACK")
    importer.catch_up()
    rows = len(Index(folder).events(limit=10_000_000))
    importer.close()
    return {"events": len(taken) + 1, "in_index": rows, "emit_us": quantiles_us(taken)}


def importing(folder: str, pairs: int) -> dict[str, object]:
    """Importing events against `executemany` of the same rows into the same tables."""
    journal = a_journal(folder)
    for _ in range(EVENTS):
        emit_one(journal)
    ours, bare = [], []
    for _ in range(pairs):
        ours.append(timed_once(lambda: import_all(folder)))
        with sqlite3.connect(index_path(folder)) as connection:
            rows = connection.execute("SELECT * FROM events").fetchall()
        bare.append(timed_once(lambda rows=rows: insert(os.path.join(folder, "bare"), rows)))
        remove(index_path(folder))
        remove(os.path.join(folder, "bare"))
    ratios = sorted(b / o for b, o in zip(bare, ours, strict=True))
    return {
        "events": len(rows),
        "ours_per_s": round(len(rows) / statistics.median(ours)),
        "bare_per_s": round(len(rows) / statistics.median(bare)),
        "ratio": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
    }


def keeping(folder: str, samples: int) -> dict[str, object]:
    """Samples over a month: import, size, roll-ups, and the time of a query of 30 days."""
    ticks = samples // METRICS
    step_s = DAYS * DAY_S // ticks
    for day in range(DAYS):
        write_samples(folder, range(START_S + day * DAY_S, START_S + (day + 1) * DAY_S, step_s))
    journal_bytes = size_of(os.path.join(folder, "journal"), "samples-")
    importer = Importer(folder, now_ns=lambda: START_S * 10**9)
    import_s = timed_once(importer.catch_up)
    connection = importer.connection()
    assert connection is not None
    tables = [table_of(day) for day in days_kept(connection)]
    kept = sum(connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    index_bytes = os.path.getsize(index_path(folder))
    end_s = START_S + DAYS * DAY_S
    roll_s = timed_once(lambda: roll_all(connection, folder, end_s - DAY_S // 2))
    drop_s = timed_once(lambda: connection.execute(f"DROP TABLE {tables[0]}"))
    importer.close()
    return {
        "samples": kept, "import_per_s": round(kept / import_s),
        "journal_mb": round(journal_bytes / 1e6), "index_mb": round(index_bytes / 1e6, 1),
        "bytes_per_sample": round(index_bytes / kept, 1), "roll_up_s": round(roll_s, 1),
        "rollups_journal_mb": round(size_of(os.path.join(folder, "journal"), "rollups-") / 1e6, 1),
        "query_30_days_ms": query_ms(folder, end_s), "drop_a_day_ms": round(drop_s * 1e3, 1),
    }  # fmt: skip


def query_ms(folder: str, end_s: int) -> list[float]:
    """Quantiles of 30 days that end in the middle of a day, by new connections; least to most."""
    taken = []
    series = [each.id for each in Index(folder).series()]
    for each in series:
        index = Index(folder)
        span_s = (end_s - 30 * DAY_S - 12_345, end_s - 12_345)
        taken.append(timed_once(lambda i=index, s=span_s, e=each: i.summary([e], s)) * 1e3)
        index.close()
    taken.sort()
    return [round(taken[0], 1), round(statistics.median(taken), 1), round(taken[-1], 1)]


def roll_all(connection: sqlite3.Connection, folder: str, now_s: int) -> None:
    """Roll up all that is over at a time."""
    while span := rollups.due(connection, now_s):
        connection.execute("BEGIN")
        rollups.roll(connection, folder, *span)
        connection.execute("COMMIT")


def write_samples(folder: str, times_s: range) -> None:
    """Lines as samples.py writes them, many at once."""
    path = journal_line.segment_path(os.fsencode(folder), times_s[0] * 10**9, b"samples")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "ab") as file:
        file.writelines(journal_line.frame(line) for line in sample_lines(times_s))


def sample_lines(times_s: range) -> Iterator[bytes]:
    """One line a tick, with values that wander."""
    for number, time_s in enumerate(times_s):
        data = {f"system.metric.number_{m}": (number * (m + 7) % 9_973) / 7 for m in range(METRICS)}
        sample = {
            "id": journal_line.uuid7(time_s * 10**9, os.urandom(10)), "time": time_s * 10**9,
            "mono": time_s, "boot": "0123456789abcdef", "type": "buildopt.metric.sample",
            "source": "/host/system/123", "n": number + 1, "data": data, "after": "",
        }  # fmt: skip
        yield json.dumps(sample, separators=(",", ":")).encode()


def a_journal(folder: str) -> Journal:
    """A journal as a build has it."""
    run = journal_line.uuid7(time.time_ns(), os.urandom(10))
    return Journal(
        state=os.fsencode(folder), source="/host/project/1", run_id=run, environment="ci",
        machine="linux-x86_64-2",
    )  # fmt: skip


def emit_one(journal: Journal) -> None:
    """One event of 376 bytes."""
    journal.append(DamageFound(subject="some/path/of/a/file", action="dropped"))


def import_all(folder: str) -> None:
    """A new index of the whole journal."""
    importer = Importer(folder)
    importer.catch_up()
    importer.close()


def wait_for(importer: Importer, is_over: threading.Event) -> None:
    """Keep trying to import."""
    while not is_over.is_set():
        importer.step()


def insert(path: str, rows: list[tuple[object, ...]]) -> None:
    """The rows by bare statements, 2,000 a transaction."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.executescript(TABLES)
    marks = ",".join("?" * len(rows[0]))
    for start in range(0, len(rows), 2_000):
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO events VALUES ({marks})", rows[start : start + 2_000])
        connection.execute("COMMIT")
    connection.close()


def remove(path: str) -> None:
    """A database and what stands beside it."""
    for ending in ("", "-wal", "-shm"):
        if os.path.exists(path + ending):
            os.unlink(path + ending)


def size_of(folder: str, start: str) -> int:
    """Bytes of the files whose names begin so."""
    return sum(item.stat().st_size for item in os.scandir(folder) if item.name.startswith(start))


def timed(way: Callable[[], object], calls: int) -> list[int]:
    """Nanoseconds of each call."""
    taken = []
    clock = time.perf_counter_ns
    for _ in range(calls):
        start_ns = clock()
        way()
        taken.append(clock() - start_ns)
    return taken


def timed_once(way: Callable[[], object]) -> float:
    """Seconds of one call."""
    start_s = time.perf_counter()
    way()
    return time.perf_counter() - start_s


def quantiles_us(taken: list[int]) -> dict[str, float]:
    """Median, p99 and most, in microseconds."""
    ordered = sorted(taken)
    picked = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {
        name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1e3, 1)
        for name, share in picked.items()
    }


if __name__ == "__main__":
    main()
