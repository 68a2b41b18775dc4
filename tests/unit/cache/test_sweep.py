"""What a sweep takes away and what it leaves, among real files."""

import os
import time

import pytest

from buildopt.cache import shelves, tombstones
from buildopt.cache.artifacts import Artifacts
from buildopt.cache.eviction import DAY_S, Limits
from buildopt.cache.layout import Layout, open_cache, short_digest
from buildopt.cache.locks import release, try_acquire
from buildopt.cache.memo import Memo
from buildopt.cache.records import Records
from buildopt.cache.sweep import sweep
from buildopt.cache.tokens import tokens_for
from buildopt.cache.unneeded import FORGOTTEN_AGE_S, GRACE_S, LITTER_AGE_S, Sweep
from buildopt.model import CacheEntry, Observation, OutputState, Task, Trace, Usage, signature_of

HOUR_S = 3_600
ROOMY = Limits(10**12, 30 * DAY_S)
TIGHT = Limits(1, 30 * DAY_S)


class Shelf:
    """A cache that is filled by hand, and swept at a time of our choice."""

    def __init__(self, place):
        self.root = str(place / "project")
        os.mkdir(self.root)
        self.layout: Layout = open_cache(str(place / "cache"))[0]
        self.artifacts = Artifacts(self.layout)
        self.records = Records(self.layout, tokens_for(self.root, {}))
        self.now_s = time.time()

    def task(self, key):
        return Task(
            name=key, argv=(key,), directory=self.root, root=self.root, project="p",
            environment={}, umask=0o22, key=short_digest(key),
        )  # fmt: skip

    def content(self, data):
        digest, _ = self.artifacts.put_bytes(data)
        return digest, next(file.path for name, file in self.all_artifacts() if name == digest)

    def all_artifacts(self):
        return list(shelves.artifacts(self.layout))

    def record(self, key, data, *, saved_s=1.0, age_s=0.0):
        """A record that keeps one content; the path of its trace."""
        task = self.task(key)
        output = OutputState(kind="file", path=f"{self.root}/out", digest=self.content(data)[0])
        entry = CacheEntry(
            key="", exit_code=0, outputs=(output,), removed=(), bound_to="",
            streams_digest=self.content(b"")[0], usage=Usage(saved_s, saved_s, 0),
        )  # fmt: skip
        seen = (Observation(kind="file", subject=f"{self.root}/in", value=key),)
        trace = Trace(
            key="", task_key=task.key, observations=seen, entry_key="", recorded_ns=0, run_id="r",
        )  # fmt: skip
        trace = self.records.record(task, trace, entry)
        path = self.records.path(task, trace.key)
        self.age(path, age_s)
        return path

    def hit_index(self, name, trace_path, *, age_s=0.0):
        path = os.path.join(self.layout.base, "hits", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"buildopt-hit\n/bin/sh\0" + os.fsencode(trace_path) + b"\0/p/in" + b"/p")
        self.age(path, age_s)
        return path

    def age(self, path, age_s):
        os.utime(path, (self.now_s - age_s, self.now_s - age_s))

    def age_all(self, age_s):
        for file in shelves.walk(self.layout.base):
            self.age(file.path, age_s)

    def sweep(self, limits=ROOMY, *, after_s=1.0, dry_run=False):
        return sweep(Sweep(self.layout, limits, self.now_s + after_s, dry_run))

    def files(self):
        return {file.path for file in shelves.walk(self.layout.base)}


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def test_a_cache_within_its_limits_loses_nothing(shelf):
    shelf.hit_index("i", shelf.record("a", b"x" * 1_000))
    before = shelf.files()

    removed = shelf.sweep()

    assert shelf.files() == before
    assert not any(removed.values())


def test_an_evicted_record_takes_all_that_it_alone_kept(shelf):
    poor = shelf.record("poor", b"p" * 1_000, saved_s=0.1)
    index = shelf.hit_index("i", poor)
    rich = shelf.record("rich", b"r" * 1_000, saved_s=100)
    used = shelf.sweep(Limits(10**12, 1), dry_run=True)
    total = sum(file.size_bytes for file in shelves.walk(shelf.layout.base))

    removed = shelf.sweep(Limits(total - 1, 30 * DAY_S))

    assert not used["records"]
    assert [len(removed[kind]) for kind in removed] == [1, 1, 1, 1, 0]
    assert not os.path.exists(poor) and not os.path.exists(index)
    task = shelf.task("rich")
    entry = shelf.records.read_entry(
        shelf.records.read_trace(task, os.path.basename(rich)).entry_key
    )
    assert shelf.artifacts.get_bytes(entry.outputs[0].digest) == b"r" * 1_000
    assert shelf.artifacts.get_bytes(entry.streams_digest) == b""


def test_a_content_that_another_record_needs_stays(shelf):
    shelf.record("poor", b"shared", saved_s=0)
    shelf.age(shelf.record("old", b"shared"), 31 * DAY_S)

    removed = shelf.sweep()

    assert len(removed["records"]) == 1
    assert not removed["artifacts"]


def test_a_use_by_signatures_alone_counts_though_it_touches_only_the_index(shelf):
    idle = shelf.record("idle", b"i", age_s=31 * DAY_S)
    used = shelf.record("used", b"u", age_s=31 * DAY_S)
    shelf.hit_index("of-idle", idle, age_s=31 * DAY_S)
    shelf.hit_index("of-used-once", used, age_s=31 * DAY_S)
    shelf.hit_index("of-used", used, age_s=HOUR_S)

    removed = shelf.sweep()

    assert [file.path for file in removed["records"]] == [idle]
    names = {file.name for file in removed["hit_indexes"]}
    assert names == {"of-idle", "of-used-once"}


def test_a_task_in_use_keeps_its_records(shelf):
    busy = shelf.record("busy", b"b", age_s=31 * DAY_S)
    checkout = shelf.layout.checkout(shelf.root)
    os.makedirs(checkout)
    lock = try_acquire(os.path.join(checkout, f"{shelf.task('busy').key}.lock"))

    removed_while_busy = shelf.sweep(TIGHT)
    release(lock)
    removed = shelf.sweep(TIGHT)

    assert not removed_while_busy["records"] and not removed_while_busy["artifacts"]
    assert [file.path for file in removed["records"]] == [busy]


def test_what_no_record_leads_to_has_an_hour_of_grace(shelf):
    os.unlink(shelf.record("a", b"content"))

    young = shelf.sweep(after_s=GRACE_S - 60)
    old = shelf.sweep(after_s=GRACE_S + 60)

    assert not young["entries"] and not young["artifacts"]
    assert len(old["entries"]) == 1 and len(old["artifacts"]) == 2


def test_what_was_written_since_the_sweep_began_stays_though_its_owner_went(shelf):
    shelf.record("a", b"content", age_s=31 * DAY_S)

    removed = shelf.sweep(after_s=-60.0)  # all of it looks as if another run had just stored it

    assert len(removed["records"]) == 1
    assert not removed["entries"] and not removed["artifacts"]


def test_a_record_that_is_damaged_goes_before_all_others(shelf):
    damaged = shelf.record("damaged", b"d", saved_s=999)
    shelf.record("sound", b"s", saved_s=0.01)
    with open(damaged, "wb") as file:
        file.write(b"nonsense")
    shelf.age(damaged, 0)
    total = sum(file.size_bytes for file in shelves.walk(shelf.layout.base))

    removed = shelf.sweep(Limits(total - 1, 30 * DAY_S))

    assert removed["records"][0].path == damaged


def test_an_eviction_leaves_a_tombstone_for_the_tasks_next_run(shelf):
    folder = os.path.dirname(shelf.record("a", b"a"))

    assert tombstones.day_of(folder) == ""

    shelf.sweep(TIGHT)

    assert tombstones.day_of(folder) == time.strftime("%Y-%m-%d", time.gmtime())


def test_a_task_forgotten_for_long_goes_altogether(shelf):
    folder = os.path.dirname(shelf.record("a", b"a"))
    shelf.sweep(TIGHT)

    shelf.sweep(after_s=FORGOTTEN_AGE_S + HOUR_S)
    shelf.sweep(after_s=FORGOTTEN_AGE_S + 3 * HOUR_S)

    assert not os.path.exists(folder)


@pytest.mark.parametrize(
    ("name", "goes"),
    [
        ("artifacts/00/.abc.buildopt-0123456789ab", True),
        (".secret.buildopt-0123456789ab", True),
        ("artifacts/00/.abc.buildopt-mine", False),
        ("secret", False),
    ],
)
def test_a_temporary_of_a_day_is_litter(shelf, name, goes):
    path = os.path.join(shelf.layout.base, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "ab").close()

    young = shelf.sweep(after_s=LITTER_AGE_S - 60)
    old = shelf.sweep(after_s=LITTER_AGE_S + 60)

    assert path not in {file.path for file in young["leftovers"]}
    assert (path in {file.path for file in old["leftovers"]}) == goes


def test_what_is_kept_for_a_checkout_goes_when_that_is_gone_and_long_unused(shelf):
    inside = os.path.join(shelf.root, "below", "file")
    os.makedirs(os.path.dirname(inside))
    open(inside, "wb").close()
    checkout = shelf.layout.checkout(shelf.root)
    memo = Memo(os.path.join(checkout, "memo"))
    memo.digest(inside, signature_of(os.lstat(inside)))
    memo.save()
    open(os.path.join(checkout, "k.owned"), "wb").close()
    shelf.age_all(31 * DAY_S)

    there = shelf.sweep()
    os.rename(shelf.root, shelf.root + "-elsewhere")
    shelf.age(os.path.join(checkout, "k.owned"), HOUR_S)
    used = shelf.sweep()
    shelf.age(os.path.join(checkout, "k.owned"), 31 * DAY_S)
    gone = shelf.sweep()

    assert not there["leftovers"] and not used["leftovers"]
    assert {file.name for file in gone["leftovers"]} == {"memo", "k.owned"}


def test_a_folder_of_verify_goes_when_it_is_empty_and_old(shelf):
    empty = os.path.join(shelf.layout.base, "verify-empty")
    full = os.path.join(shelf.layout.base, "verify-full")
    for folder in (empty, full):
        os.makedirs(os.path.join(folder, "1"))
    open(os.path.join(full, "1", "0"), "wb").close()

    shelf.sweep(after_s=LITTER_AGE_S - HOUR_S)
    assert os.path.exists(empty)
    for folder in (os.path.join(empty, "1"), empty):
        shelf.age(folder, LITTER_AGE_S + HOUR_S)
    shelf.sweep()

    assert not os.path.exists(empty)
    assert os.path.exists(os.path.join(full, "1", "0"))


def test_folders_of_other_formats_are_left_alone(shelf):
    other = os.path.join(shelf.layout.top, "v0", "artifacts", "00", ".a.buildopt-0123456789ab")
    os.makedirs(os.path.dirname(other))
    open(other, "wb").close()
    os.utime(other, (0, 0))

    shelf.sweep(TIGHT)

    assert os.path.exists(other)


def test_a_dry_run_tells_what_a_sweep_would_do_and_does_nothing(shelf):
    shelf.hit_index("i", shelf.record("a", b"a" * 100))
    shelf.record("b", b"b" * 100, age_s=31 * DAY_S)
    before = shelf.files()

    told = shelf.sweep(TIGHT, dry_run=True)
    untouched = shelf.files()
    done = shelf.sweep(TIGHT)

    assert untouched == before
    assert {kind: set(files) for kind, files in told.items()} == {
        kind: set(files) for kind, files in done.items()
    }
