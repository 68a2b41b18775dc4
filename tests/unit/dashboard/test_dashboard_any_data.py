"""Whatever events say, each page and each answer stands: another plugin may tell anything."""

import random
import time

import pytest

from tests.unit.dashboard.conftest import HOSTILE, NS, ask, serving

EVENTS = 200
FIELDS = {
    "alert.fired": ("incident", "rule", "level", "title", "since", "value", "unit", "labels",
                    "context", "advice", "run", "threshold", "duration_s"),
    "alert.resolved": ("incident", "labels", "since", "duration_s"),
    "alert.acknowledged": ("incident", "until", "by"),
    "alert.silenced": ("id", "match", "until", "by", "comment"),
    "alert.unsilenced": ("id",),
    "baseline.confirmed": ("finding", "name", "direction", "before", "after", "effect", "unit",
                           "confidence", "smallest_change", "project", "task", "metric", "series",
                           "since_run", "since_ns", "cause"),
    "bundle.analyzed": ("output", "totals", "packages", "files", "folders", "duplicates", "kind",
                        "document", "archive", "findings", "is_estimate"),
    "run.finished": ("run_id", "task", "command", "directory", "outcome", "exit_code", "stored",
                     "duration_s", "tasks", "miss_reasons", "not_stored", "time_saved_s", "signal"),
    "task.finished": ("task", "outcome", "duration_s", "stored", "processes", "inside"),
    "cache.lookup": ("task", "result", "miss_reasons"),
    "cache.evicted": ("records", "bytes_freed"),
}  # fmt: skip
NAMED = ("incident", "finding", "id")
"""Fields by which events belong together: sometimes the same."""
PAGES = (
    "/?range=30d", "/?project=shop&environment=ci", "/builds", "/builds?task=web", "/cache",
    "/bundles", "/system", "/alerts", "/findings", "/findings/a", "/plugins", "/runs/run-1",
    "/runs/run-2", "/compare?a=run-1&b=run-2",
)  # fmt: skip
ANSWERS = (
    "runs", "tasks", "lookups", "bundles", "bundles/run-1", "cache", "query", "reports/hourly",
    "alerts", "alerts/a", "silences", "changes", "origins", "events?limit=1000", "runs/run-1",
    "runs/run-1/tasks", "runs/run-1/processes",
)  # fmt: skip


def anything(chance, depth=0):
    kinds = [
        lambda: chance.choice((None, True, False, 0, -1, 10**18, 2**70)),
        lambda: chance.choice((0.5, -0.0, 1e308, -1e308, 1e15, time.time(), time.time_ns())),
        lambda: chance.choice(("", HOSTILE, "x" * 5_000, "a/../b", "%", "nan", "\U0001f389" * 50)),
        lambda: chance.choice(("s", "By", "1", "worse", "critical", "web", "shop", "run-1", "a")),
        lambda: [anything(chance, depth + 1) for _ in range(chance.randrange(4))],
        lambda: {
            chance.choice((HOSTILE, "name", "raw", "bytes", "path", "sizes", "project", "text")):
                anything(chance, depth + 1) for _ in range(chance.randrange(5))
        },
    ]  # fmt: skip
    return chance.choice(kinds[: 4 if depth > 2 else None])()


@pytest.mark.parametrize("seed", range(3))
def test_every_page_and_answer_stands_whatever_was_told(place, seed):
    chance = random.Random(seed)
    for run in ("run-1", "run-2"):
        place.build(run)
    for _ in range(EVENTS):
        kind = chance.choice(tuple(FIELDS))
        data = {name: anything(chance) for name in FIELDS[kind] if chance.random() < 0.7}
        data |= {name: "a" for name in NAMED if name in FIELDS[kind] and chance.random() < 0.4}
        journal = place.journal(chance.choice(("", "run-1", "run-2", "run-3", "x/../y")))
        journal.emit(f"buildopt.{kind}", data, now_ns=time.time_ns() - chance.randrange(NS * 3_600))
    place.catch_up()
    server = serving(place)
    try:
        paths = (*PAGES, *(f"/api/v1/{name}" for name in ANSWERS))
        told = {path: ask(server, path, accept="text/html").status for path in paths}
    finally:
        server.stop()

    assert {path: status for path, status in told.items() if status not in (200, 404)} == {}
    assert told["/?range=30d"] == told["/alerts"] == told["/api/v1/tasks"] == 200
