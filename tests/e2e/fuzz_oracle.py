"""Runs a fuzz case through buildopt and beside it plainly, and finds the first difference.

Before each run of a case the same command is run plainly on a copy of the tree. Afterwards the
tree (kinds, bytes, modes), stdout, stderr and exit status must be equal. In the default mode a
hit may do better than a plain rerun with what the task itself made (`mkdir d` fails the second
time): there it may instead be as a plain run that meets all that as one of the earlier runs met
it, and what the task made is not compared with it.

What differs from one plain run and not from another is counted apart. So is what a plain run
gave before on the same tree: only times differ then, which never count, and make goes by them.
"""

import json
import os
import posix
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.fuzz_grammar import FuzzCase, plant, smaller
from tests.rig import tree

TIME_LIMIT_S = 60
"""For one run: a script that blocks or a program that hangs is a failure."""
SHRINK_TRIES = 150
PLAIN_TRIES = 12
"""Plain runs that are tried before a result counts as one that only the cache gives."""
PAUSE = "sleep 0.02"
"""Longer than the tick by which a file's times are rounded, which is at most 10 ms."""
COMMAND = ("sh", "script.sh", "npm")
"""The last word does nothing but say that a package manager may be started."""


@dataclass(frozen=True)
class Difference:
    """Where a run went wrong."""

    run: int
    outcome: str
    what: str


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: bytes
    err: bytes


@dataclass
class Tally:
    """Outcomes of all runs, and of the repeats that change nothing.

    Of these, who changes what it has read misses the first time: no run has met what it left.
    So the second repeat in a row is counted apart.
    """

    outcomes: Counter = field(default_factory=Counter)
    repeats: Counter = field(default_factory=Counter)
    """Keys are `hit` and `miss`, after a run that was none, and `hit again` and `miss again`."""

    def add(self, other):
        """Take over what another tally has counted."""
        self.outcomes += other.outcomes
        self.repeats += other.repeats


def try_case(case: FuzzCase, mode: str, tally: Tally, place: str | None = None):
    """The first `Difference` of a case, or None."""
    top = Path(tempfile.mkdtemp(prefix="fuzz-", dir=place))
    try:
        return _try_in(top, case, mode, tally)
    finally:
        shutil.rmtree(top, ignore_errors=True)


def shrink(case: FuzzCase, difference: Difference, mode: str):
    """The smallest case found that still differs, with its difference."""
    tries = 0
    is_smaller = True
    while is_smaller and tries < SHRINK_TRIES:
        is_smaller = False
        for candidate in smaller(case):
            tries += 1
            found = try_case(candidate, mode, Tally())
            if found is not None:
                case, difference, is_smaller = candidate, found, True
                break
            if tries >= SHRINK_TRIES:
                break
    return case, difference


def _try_in(top, case, mode, tally):
    root = top / "project"
    plant(case, root)
    environment = _environment(top)
    made, past = set(), []
    last, was_repeat = None, False
    for run, changes in enumerate(case.changes):
        for change in changes:
            change.apply(root)
        before, numbers, times_ns = tree(root), inodes(root), changed_ns(root)
        kept = _copy(root, top / "kept" / "project")
        expected, expected_tree = _run_plainly(top, root, environment)
        with held(root):
            ended, outcome = _run_wrapped(top, root, environment, mode)
            anew = {path for path, number in inodes(root).items() if numbers.get(path) != number}
        is_repeat = not changes and (expected, expected_tree) == last
        tally.outcomes[outcome] += 1
        tally.outcomes.update(_steps(top / "result.json"))
        if is_repeat:
            tally.repeats[_name_of_repeat(outcome, was_repeat=was_repeat)] += 1
        now = tree(root)
        what = _differs(expected, ended) or _differing(expected_tree, now, frozenset())
        if what and mode == "default" and outcome in ("fresh", "restored"):
            starts = [(start, times) for start, _, _, times in past]
            what = _differing_from_adopted(top, kept, environment, (made, starts), (ended, now))
        past.append((before, expected, expected_tree, times_ns))
        if what and any((before, ended, now) == each[:3] for each in past):
            tally.outcomes["as before with other times"] += 1
        elif what and _may_happen(top, kept, environment, (ended, now)):
            tally.outcomes["as another plain run"] += 1
        elif what:
            return Difference(run, outcome, what)
        if outcome in ("executed", "fresh", "restored"):  # what leaves no record owns nothing
            made |= {path for path, state in now.items() if before.get(path) != state}
            made |= anew
        last, was_repeat = ((ended, now) if ended.status == 0 else None), is_repeat
    return None


def inodes(root):
    """The number of each file, link and folder: what is made anew has another."""
    found = {}
    for folder, folders, names in os.walk(root):
        for name in [*folders, *names]:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = os.lstat(path).st_ino
    return found


@contextmanager
def held(root):
    """Keep the number of each file, link and folder from being given to another meanwhile."""
    descriptors = [
        os.open(root / path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC) for path in inodes(root)
    ]
    try:
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def changed_ns(root):
    """When each path was changed last; by some programs' lights it is then a target made."""
    found = {"": os.lstat(root).st_mtime_ns}
    for folder, folders, names in os.walk(root):
        for name in [*folders, *names]:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = os.lstat(path).st_mtime_ns
    return found


def _name_of_repeat(outcome, *, was_repeat):
    """A repeat changes nothing, neither before nor by itself, and did not fail before."""
    name = "hit" if outcome in ("fresh", "restored") else "miss"
    return name + " again" if was_repeat else name


def _may_happen(top, root, environment, result):
    """Whether a plain run gives this at times: make goes by times, which a clock's tick rounds.

    Every other try is a slower one, as on a machine that has other things to do.
    """
    plain_runs = (
        _run_plainly(top, root, environment, is_slow=bool(number % 2))
        for number in range(PLAIN_TRIES)
    )
    return any(plain == result for plain in plain_runs)


def _differing_from_adopted(top, root, environment, makings, run):
    """How a run differs from all plain runs that meet what the task made as an earlier run did."""
    made, starts = makings
    ended, now = run
    what = ""
    for start, times_ns in starts:
        copy = _copy(root, top / "adopted" / "project")
        for path in sorted(made, reverse=True):
            _remove(copy / path)
        _put({path: state for path, state in start.items() if path in made}, copy)
        _put_times({*made, *(os.path.dirname(path) for path in made)}, times_ns, copy)
        expected, expected_tree = _run_plainly(top, copy, environment)
        what = _differs(expected, ended) or _differing(expected_tree, now, made)
        if not what:
            break
    return what


def _put(states, root):
    """Make paths as `rig.tree` told them, as far as nothing is in the way."""
    for path, (kind, *details) in sorted(states.items()):
        place = root / path
        try:
            if kind == "folder":
                place.mkdir()
            elif kind == "link":
                place.symlink_to(details[0])
            else:
                place.write_bytes(details[1])
                place.chmod(details[0])
        except OSError:
            continue


def _put_times(paths, times_ns, root):
    """Give paths the times back that they had before; folders last, as their files change them."""
    for path in sorted(paths & times_ns.keys(), reverse=True):
        if os.path.lexists(root / path):
            times = (times_ns[path], times_ns[path])
            os.utime(root / path, ns=times, follow_symlinks=False)


def _remove(path):
    """A file, a link, or a folder that nothing is left in."""
    try:
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    except OSError:
        pass  # gone with what was above it, or holds what others made


def _copy(root, copy):
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(root, copy, symlinks=True)
    return copy


def _run_plainly(top, root, environment, *, is_slow=False):
    copy = _copy(root, top / "copy" / "project")
    script = (copy / "script.sh").read_text()
    if is_slow:
        _write_as_was(copy / "script.sh", f"; {PAUSE}\n".join(script.splitlines()) + "\n")
    done = subprocess.run(
        COMMAND,
        cwd=copy,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    if is_slow and (copy / "script.sh").exists():
        _write_as_was(copy / "script.sh", script)
    return Ended(done.returncode, done.stdout, done.stderr), tree(copy)


def _write_as_was(path, text):
    """Other content under the same times."""
    status = path.stat()
    path.write_text(text)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _run_wrapped(top, root, environment, mode):
    result = top / "result.json"
    result.unlink(missing_ok=True)
    options = ["--quiet", "--observe", "seccomp", "--result-file", str(result)]
    if mode == "strict":
        options.append("--strict-outputs")
    ended = _call(["run", *options, "--", *COMMAND], root, environment)
    return ended, _outcome(result)


def _call(arguments, directory, environment):
    """`buildopt …` in a fork of this process: as from its program, without the start of Python."""
    import buildopt.cli.run
    import buildopt.observe.traced
    import buildopt.pipeline  # noqa: F401  # imported here, once for all forks

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            _become(arguments, directory, environment, out.fileno(), err.fileno())
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return Ended(status, *(os.pread(file.fileno(), 1 << 20, 0) for file in (out, err)))


def _become(arguments, directory, environment, out, err):
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor, source in ((0, null), (1, out), (2, err)):
            os.dup2(source, descriptor)
        os.closerange(3, 256)
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environment)
        posix.environ.clear()
        posix.environ.update({os.fsencode(k): os.fsencode(v) for k, v in environment.items()})
        sys.argv = ["buildopt", *arguments]
        from buildopt.__main__ import run_and_exit

        run_and_exit()
    finally:
        os._exit(99)


def _outcome(result):
    try:
        told = json.loads(result.read_text())
    except (OSError, ValueError):
        return "no result"
    outcome = str(told.get("outcome", "unknown"))
    if outcome == "executed" and not told.get("stored"):
        kinds = sorted({reason["kind"] for reason in told.get("not_stored", ())})
        return f"executed, not stored: {' '.join(kinds)}"
    return outcome


def _steps(result):
    """How the steps of a run were answered."""
    try:
        told = json.loads(result.read_text())
    except (OSError, ValueError):
        return []
    return [f"step {step['outcome']}" for step in told.get("tasks", ())]


def _environment(top):
    for name in ("home", "cache", "state"):
        (top / name).mkdir()
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(top / "home"),
        "LC_ALL": "C",
        "BUILDOPT_CACHE_DIR": str(top / "cache"),
        "BUILDOPT_STATE_DIR": str(top / "state"),
    }


def _differs(expected, ended):
    if expected.status != ended.status:
        return f"status {ended.status} instead of {expected.status}"
    if expected.out != ended.out:
        return f"printed {ended.out!r} instead of {expected.out!r}"
    if expected.err != ended.err:
        return f"complained {ended.err!r} instead of {expected.err!r}"
    return ""


def _differing(expected, now, spared):
    for path in sorted(expected.keys() | now.keys()):
        if path not in spared and expected.get(path) != now.get(path):
            return f"{path} is {now.get(path)} instead of {expected.get(path)}"
    return ""
