"""A cache that is kept within its limits stays right, whatever is cut off or at once."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.rig import PROGRAM, tree

RUN = ("--input", "src/**", "--output", "out", "--", "./build.sh")
MEGABYTE = 1_000_000
"""Files of more than 8 of them are kept as they are, smaller ones compressed."""
HOUR_S = 3_600
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


@pytest.fixture
def project(rig):
    """Its one task makes as many bytes as `src/size` says, and a small file."""
    rig.script(
        "build.sh",
        'mkdir -p out; : > out/empty; cat src/word > out/word; head -c "$(cat src/size)"'
        ' /dev/zero | tr "\\0" "$(cat src/word)" > out/zz; ln -sf word out/link; cat src/word',
    )
    return rig


def build(rig, word, size_bytes=10_000):
    """Run the task in the state that `word` and the size make."""
    rig.write("src/word", word)
    rig.write("src/size", str(size_bytes))
    return rig.run(*RUN)


def assert_right(rig, word, outcomes, size_bytes=10_000):
    """The run is answered in one of these ways, byte for byte as by a real run."""
    shutil.rmtree(rig.root / "out", ignore_errors=True)

    done = build(rig, word, size_bytes)

    plain, whole = rig.always_rebuild("./build.sh")
    assert done.outcome in outcomes
    assert (done.status, done.out) == (plain.returncode, plain.stdout)
    assert rig.tree() == whole


def prune(rig, *arguments):
    """`cache prune --json`, as an object."""
    completed = rig.call("cache", "prune", "--json", *arguments)
    assert completed.returncode == 0, completed.stderr
    return json.loads(completed.stdout)


def stats(rig):
    return json.loads(rig.call("cache", "stats", "--json").stdout)


def files(rig):
    return {path: path.lstat().st_mtime_ns for path in rig.cache.rglob("*")}


def test_the_least_valuable_record_goes_and_the_others_still_hit(project):
    for word, size_bytes in (("a", 10_000), ("b", 9 * MEGABYTE), ("c", 20_000)):
        build(project, word, size_bytes)

    told = prune(project, "--limit", "8 MB")

    assert told["removed"]["records"]["files"] == 1
    assert told["freed_bytes"] > 8 * MEGABYTE
    assert stats(project)["bytes"] < MEGABYTE
    assert_right(project, "a", {"restored"})
    assert_right(project, "c", {"restored"}, 20_000)
    assert_right(project, "b", {"executed"}, 9 * MEGABYTE)


def test_a_miss_after_the_eviction_of_all_records_says_so(project):
    build(project, "a")
    prune(project, "--limit", "1")

    done = build(project, "a")

    assert done.reasons == [("evicted", "task")]
    assert "its record was evicted; stored" in done.line


def test_what_nobody_used_for_long_goes_and_a_use_by_signatures_alone_counts(project):
    build(project, "a")
    month_ago = time.time() - 31 * 24 * HOUR_S
    for path in (project.cache / "v1" / "hits").iterdir():
        os.utime(path, (month_ago, month_ago))
    kept = prune(project)
    build(project, "a")  # touches the index, and where that is switched off the record
    for path in (project.cache / "v1" / "records").rglob("*-*"):
        os.utime(path, (month_ago, month_ago))

    used = prune(project)
    for path in (project.cache / "v1" / "hits").iterdir():
        os.utime(path, (month_ago, month_ago))
    unused = prune(project)

    assert kept["removed"]["records"]["files"] == 0
    if project.environ.get("BUILDOPT_FAST_PATH") != "0":
        assert used["removed"]["records"]["files"] == 0
        assert unused["removed"]["records"]["files"] == 1


def test_a_dry_run_removes_nothing_and_tells_what_a_real_one_removes(project):
    build(project, "a")
    build(project, "b")
    before = files(project)

    told = prune(project, "--limit", "1", "--dry-run")
    after = files(project)
    done = prune(project, "--limit", "1")

    assert after == before
    assert told["dry_run"] is True
    assert told["removed"] == done["removed"]
    assert told["removed"]["records"]["files"] == 2


def test_for_people_the_kinds_are_told_with_their_sizes(project):
    build(project, "a")

    said = project.call("cache", "prune", "--limit", "1kB", "--dry-run").stdout.decode()

    assert re.match(r"[\d.]+ kB would be freed\n  records +1, [\d.]+ k?B\n", said)


def test_path_of_the_cache_is_told_to_people_and_to_machines(rig):
    plain, told = rig.call("cache", "path").stdout, rig.call("cache", "path", "--json").stdout

    assert plain.decode() == f"{rig.cache}\n"
    assert json.loads(told) == {"schema": 1, "path": str(rig.cache)}


def test_stats_tell_the_limits_and_the_oldest_use(project):
    before = time.time()
    build(project, "a")
    project.environ["BUILDOPT_CACHE_LIMIT"] = "2 MB"

    told = stats(project)
    said = project.call("cache", "stats").stdout.decode()

    assert (told["limit_bytes"], told["max_age_days"]) == (2 * MEGABYTE, 30)
    assert told["oldest_use_s"] >= int(before) - 1
    assert "% of 2 MB" in said
    assert "used 0 days ago; goes after 30 days" in said


@pytest.mark.parametrize("size", ["much", "0", "-1", "5 elephants", ""])
def test_a_size_that_is_none_is_refused_with_a_hint(project, size):
    pruned = project.call("cache", "prune", "--limit", size)
    run = project.call("run", "--cache-limit", size, *RUN)

    assert (pruned.returncode, run.returncode) == (2, 125)
    for completed in (pruned, run):
        assert f"`{size}` is no size".encode() in completed.stderr
        assert b"hint: it takes a size such as `500 MB`" in completed.stderr


def test_an_empty_cache_can_be_pruned(project):
    assert prune(project)["freed_bytes"] == 0
    assert not project.cache.exists()


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
"""Runs a command in a mount namespace of its own, where a folder cannot be written."""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
@pytest.mark.parametrize(("more", "status"), [((), 2), (("--dry-run",), 0)])
def test_a_cache_that_may_only_be_read_is_left_as_it_is(project, more, status):
    build(project, "a")
    before = files(project)

    completed = subprocess.run(
        ["unshare", "-m", "sh", "-c", READ_ONLY, project.cache, PROGRAM, "cache", "prune",
         "--limit", "1", *more],
        env=project.environ, cwd=project.root, capture_output=True, check=False,
    )  # fmt: skip

    assert completed.returncode == status
    assert (b"it cannot be written" in completed.stderr) == (status == 2)
    assert files(project) == before


def test_two_prunes_at_once_remove_everything_once(project):
    for word in "abcd":
        build(project, word)
    limit = ("--limit", "1", "--json")

    both = [project.start("cache", "prune", *limit) for _ in range(2)]
    told = [json.loads(process.communicate()[0]) for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert sum(one["removed"]["records"]["files"] for one in told) == 4
    for word in "ab":
        assert_right(project, word, {"executed"})


@pytest.fixture
def paused(project):
    """A restore that stands before its first file, an empty one: it is a pipe in the cache."""
    build(project, "a")
    shutil.rmtree(project.root / "out")
    (empty,) = (p for p in (project.cache / "v1/artifacts").rglob("*") if _is_empty_file(p))
    empty.unlink()
    os.mkfifo(empty)
    running = project.start("run", *RUN)
    with open(empty, "wb") as pipe:  # the restore has opened it
        yield running, pipe


def _is_empty_file(path):
    return path.is_file() and path.stat().st_size == 0


def test_a_prune_during_a_restore_leaves_its_record_alone(project, paused):
    restore, pipe = paused

    told = prune(project, "--limit", "1", "--max-age", "1")
    pipe.close()
    restore.communicate()

    assert told["removed"]["records"]["files"] == told["removed"]["artifacts"]["files"] == 0
    assert project.last_result()["outcome"] == "restored"
    assert project.tree() == project.always_rebuild("./build.sh")[1]


def test_a_restore_that_loses_its_files_after_all_really_runs_the_command(project, paused):
    restore, pipe = paused
    for lock in (project.cache / "v1/checkouts").rglob("*.lock"):
        lock.unlink()  # as on a file system that has none

    told = prune(project, "--limit", "1")
    pipe.close()
    out, _ = restore.communicate()

    assert told["removed"]["records"]["files"] == 1
    assert (restore.returncode, out) == (0, b"a")
    assert project.last_result()["outcome"] == "executed"
    assert project.tree() == project.always_rebuild("./build.sh")[1]
    assert_right(project, "a", {"restored"})


@needs_strace
@pytest.mark.parametrize(
    ("call", "step"),
    [
        ("unlink", 1),
        ("rename", 1),
        pytest.param("openat", 67, marks=pytest.mark.thorough),
        pytest.param("openat", 1, marks=pytest.mark.slow),
    ],
)
@pytest.mark.timeout(600)
def test_a_sweep_that_is_killed_at_a_call_leaves_the_cache_right(project, call, step):
    for word in "abc":
        build(project, word)
    full = project.place / "full"
    shutil.copytree(project.cache, full)
    killed = 0
    for k in range(1, 1_000, step):
        shutil.rmtree(project.cache)
        shutil.copytree(full, project.cache)
        completed = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
             "-e", f"inject={call}:signal=KILL:when={k}",
             PROGRAM, "cache", "prune", "--limit", "9kB"],
            cwd=project.root, env=project.environ, capture_output=True, check=False,
        )  # fmt: skip
        if completed.returncode == 0:
            break
        killed += 1

        verified = project.call("cache", "verify")
        assert verified.returncode == 0, verified.stdout
        for word in "abc":
            assert_right(project, word, {"restored", "executed"})
            assert "damaged" not in {kind for kind, _ in _last_reasons(project)}
        assert prune(project, "--limit", "1")["removed"]["records"]["files"] == 3
    assert killed


def _last_reasons(rig):
    return [(reason["kind"], reason["subject"]) for reason in rig.last_result()["miss_reasons"]]


def test_a_run_that_stores_starts_a_sweep_that_is_nobodys_burden(project):
    build(project, "old", 9 * MEGABYTE)
    mark = project.cache / "v1" / "swept"
    hour_ago = time.time() - HOUR_S - 60
    os.utime(mark, (hour_ago, hour_ago))
    pipe = project.cache / "v1" / "hits" / "pipe"  # the sweep stands where it reads the indexes
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    project.environ["BUILDOPT_CACHE_LIMIT"] = "1 MB"
    kept_open, other_end = os.pipe()
    os.set_inheritable(other_end, True)

    done = project.done(project.call("run", *_changed(project), close_fds=False))
    os.close(other_end)
    with open(pipe, "wb"):
        sweeper = int(mark.read_bytes())
        descriptors = {os.readlink(p) for p in Path(f"/proc/{sweeper}/fd").iterdir()}
        modesty = (os.getsid(sweeper), os.getpriority(os.PRIO_PROCESS, sweeper))
        folder = os.readlink(f"/proc/{sweeper}/cwd")
        nobody_writes = os.read(kept_open, 1)
        pipe.unlink()
    _wait_for_end_of_sweep(mark)

    assert done.outcome == "executed"
    assert descriptors == {os.devnull, str(mark), str(pipe)}
    assert modesty == (sweeper, 19)
    assert (folder, nobody_writes) == ("/", b"")
    assert stats(project)["bytes"] < MEGABYTE
    assert stats(project)["records"] == 1
    assert_right(project, "new", {"restored"})


def _changed(project):
    project.write("src/word", "new")
    project.write("src/size", "10000")
    return RUN


def _wait_for_end_of_sweep(mark):
    with open(mark, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


@needs_strace
def test_a_run_that_is_not_due_starts_nothing_and_imports_nothing_of_it(project):
    build(project, "a")  # sets the mark
    log = project.place / "log"
    for name in ("word", "size"):
        project.write(f"src/{name}", "7")

    subprocess.run(
        ["strace", "-f", "-qq", "-o", log, "-e", "trace=openat,execve", PROGRAM, "run", *RUN],
        cwd=project.root, env=project.environ, stdin=subprocess.DEVNULL, check=True,
        capture_output=True,
    )  # fmt: skip

    assert project.last_result()["stored"] is True
    assert not re.search(
        r"cache/(__pycache__/)?(sweep|survey|background|eviction)", log.read_text()
    )


def test_a_sweep_is_killed_without_a_trace_in_the_run_that_started_it(project):
    build(project, "a")
    mark = project.cache / "v1" / "swept"
    os.utime(mark, (0, 0))
    pipe = project.cache / "v1" / "hits" / "pipe"
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)

    done = build(project, "b")
    with open(pipe, "wb"):
        os.kill(int(mark.read_bytes()), signal.SIGKILL)
    _wait_for_end_of_sweep(mark)
    pipe.unlink()

    assert (done.status, done.out) == (0, b"b")
    assert tree(project.root) == project.always_rebuild("./build.sh")[1]
    for word in "ab":
        assert_right(project, word, {"restored"})
