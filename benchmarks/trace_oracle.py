"""Compares what strace saw of real builds with what the tracer saw, and with what is recorded.

python benchmarks/trace_oracle.py                     all workloads, two Markdown tables
python benchmarks/trace_oracle.py vite make --extra   two of them, with what was not compared

It needs strace 5.17 or newer (`apt-get install strace`). Each workload (workloads.py) runs four
times: twice under strace, once under the mechanism alone, once through `buildopt run`; each time
from the same clean state, or with --again from that which a run leaves. Status 1 where the
tracer missed a path, or the record does not cover an access.

Not every path can be compared, and how many were set aside stands in the table:

- below `/proc`, where names are process ids;
- seen by one of the two strace runs only: random names, and what depends on timing.

Names that tools make up anew in each run (VARYING) are made equal before. Sockets are not
compared, and neither is a look at an open file, whose opening was seen.
"""

from __future__ import annotations

import argparse
import json
import marshal
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

from workloads import Workload, add_options, prepare

from buildopt.cache.layout import Layout
from buildopt.cache.tokens import tokens_for
from buildopt.execute.command import Command
from buildopt.execute.process import execute
from buildopt.model import Observed, Task
from buildopt.observe.access import Access, Operation
from buildopt.observe.ignored import TEMPORARY_FOLDERS, Place, TracePolicy
from buildopt.observe.placement import Placement
from buildopt.observe.seccomp.observer import SeccompObserver

Kind = Literal["read", "look", "list", "write", "delete", "execute"]
Outcome = Literal["done", "vain", "failed", "own"]
Pair = tuple[str, str]
"""A kind and a path; of trouble, a kind and its subject."""


class Seen(NamedTuple):
    """One thing that was done with a path, or tried: `vain` where nothing was there.

    The outcome is `own` where the run had written or removed the path itself by then.
    """

    kind: Kind
    path: str
    outcome: Outcome = "done"
    follows: bool = True


# --- what strace saw -------------------------------------------------------------------------

CALLS: Mapping[tuple[Kind, str], str] = {
    ("read", "p"): "open",
    ("read", "dp"): "openat openat2",
    ("look", "p"): "stat lstat access statfs chdir readlink",
    ("look", "pt"): "getxattr lgetxattr listxattr llistxattr",
    ("look", "dp"): "newfstatat statx faccessat faccessat2 readlinkat name_to_handle_at",
    ("look", "f"): "fchdir fgetxattr flistxattr",
    ("list", "f"): "getdents getdents64",
    ("list", "ip"): "inotify_add_watch",
    ("execute", "p"): "execve",
    ("execute", "dp"): "execveat",
    ("write", "p"): "creat mkdir mknod chmod chown lchown utime utimes truncate",
    ("write", "pt"): "setxattr lsetxattr removexattr lremovexattr",
    ("write", "dp"): "mkdirat mknodat fchmodat fchmodat2 fchownat futimesat utimensat",
    ("write", "f"): "fchmod fchown fsetxattr fremovexattr",
    ("write", "tp"): "symlink",
    ("write", "tdp"): "symlinkat",
    ("write", "pp"): "link rename",
    ("write", "dpdp"): "linkat renameat renameat2",
    ("delete", "p"): "unlink rmdir",
    ("delete", "dp"): "unlinkat",
}
"""What calls do, and how their arguments begin: path, directory's descriptor before a path,
file's descriptor, inotify's descriptor, text."""
SHAPES = {name: does for does, names in CALLS.items() for name in names.split()}
FORKS = ("clone", "clone3", "fork", "vfork")
FORKED = re.compile(r"^[\d.]+ (?:clone3?|v?fork)\(.*\)\s+= (\d+)", re.MULTILINE)
NEVER_FOLLOW = re.compile(r"l\w+|readlink|readlinkat|un\w+|rename\w*|rmdir|mk\w+|sym\w+")
"""Calls that act on a link itself, apart from those that are told to."""
CALL = re.compile(r"([\d.]+) (\w+)\((.*)\)\s+= (-?\d+|\?)(?:<[^>]*>)?(?: (E[A-Z]+))?")
ARGUMENT = re.compile(r'(AT_FDCWD|\d+)<((?:\\x..)*)>|"((?:\\x..)*)"')
"""With `-xx` every character of a path is written `\\xNN`, so that a quote or `>` ends one."""
CHANGING_FLAGS = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC)")
BY_DESCRIPTOR = re.compile(r"\d+<[^>]*>, NULL")
"""`futimens` comes as `utimensat` without a path."""
VAIN = ("ENOENT", "ENOTDIR")


def strace(workload: Workload) -> set[Seen]:
    """What a clean run did, by strace; a file for each process keeps their lines apart."""
    workload.clean()
    traced = ",".join(f"?{name}" for name in (*SHAPES, *FORKS))
    with tempfile.TemporaryDirectory(prefix="trace-oracle-") as folder:
        options = ("-ff", "--seccomp-bpf", "-qq", "-ttt", "-xx", "-y", "-e", "signal=none")
        argv = ("strace", *options, "-e", f"trace={traced}", "-o", f"{folder}/log", *workload.argv)
        _run(argv, workload)
        logs = {int(path.suffix[1:]): path for path in Path(folder).iterdir()}
        timed = sorted(_read_logs(logs, str(workload.directory)))
    return set(_told_apart(seen for _, seen in timed))


def _told_apart(ordered: Iterable[Seen]) -> Iterator[Seen]:
    """The same, with what was done to the run's own work marked."""
    changed: set[str] = set()
    for seen in ordered:
        if seen.kind != "write" and seen.path in changed:
            seen = seen._replace(outcome="own")
        elif seen.kind in ("write", "delete") and seen.outcome == "done":
            changed.add(seen.path)
        yield seen


def _read_logs(logs: Mapping[int, Path], directory: str) -> Iterator[tuple[float, Seen]]:
    """All processes from the first one on: each begins in the folder where its parent is."""
    forked = {int(pid) for log in logs.values() for pid in FORKED.findall(log.read_text("ascii"))}
    waiting = [(pid, directory) for pid in logs.keys() - forked]
    for pid, folder in waiting:
        process = _Process(folder)
        with open(logs[pid], encoding="ascii") as lines:
            for line in lines:
                yield from process.take(line)
        waiting += process.children
    if len(waiting) != len(logs) or len(logs) - len(forked) != 1:
        raise SystemExit(f"strace wrote {len(logs)} logs, {len(waiting)} of related processes")


class _Process:
    """One process, line by line."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.children: list[tuple[int, str]] = []

    def take(self, line: str) -> list[tuple[float, Seen]]:
        """What one call did, and when."""
        call = CALL.match(line)
        if call is None and " +++ " in line:  # it ended
            return []
        if call is None:
            raise SystemExit(f"strace wrote a line that is no call: {line[:200]}")
        time_s, name, arguments, result, error = call.groups()
        if name in FORKS:
            if result.isdigit():
                self.children.append((int(result), self.directory))
            return []
        seen = list(self._seen(name, arguments, error or ""))
        if name in ("chdir", "fchdir") and result == "0":
            self.directory = os.path.realpath(seen[0].path)
        return [(float(time_s), each) for each in seen]

    def _seen(self, name: str, arguments: str, error: str) -> Iterator[Seen]:
        kind, shape = SHAPES[name]
        if name == "utimensat" and BY_DESCRIPTOR.match(arguments):
            shape = "f"
        if kind == "read" and CHANGING_FLAGS.search(arguments):
            kind = "write"
        follows = not NEVER_FOLLOW.fullmatch(name) and "NOFOLLOW" not in arguments
        outcome: Outcome = "vain" if error in VAIN else "failed" if error else "done"
        for number, given in enumerate(self._paths(shape, arguments)):
            path, is_stopped = cleaned(given, is_vain=outcome == "vain")
            is_moved = name.startswith("rename") and number == 0
            is_named = name.startswith("link") and number == 0
            does: Kind = "delete" if is_moved else "look" if is_named or is_stopped else kind
            yield Seen(does, path, outcome, follows)

    def _paths(self, shape: str, arguments: str) -> Iterator[str]:
        """Absolute paths; none for a call that acts on an open file by an empty path."""
        base = self.directory
        for place, found in zip(shape, ARGUMENT.finditer(arguments), strict=False):
            descriptor, behind, text = found.groups()
            if descriptor == "AT_FDCWD":
                self.directory = _text(behind)
            if place in "df":
                base = _text(behind or "")
            if place == "f" and base.startswith("/"):
                yield base
            elif place == "p" and text:
                yield os.path.join(base, _text(text))


def _text(escaped: str) -> str:
    return os.fsdecode(bytes.fromhex(escaped.replace("\\x", "")))


def cleaned(path: str, *, is_vain: bool = False) -> tuple[str, bool]:
    """The path as `Access.path` has it: a `..` means what the file system says.

    A call in vain may have ended earlier, at a missing folder in front of a `..`: then that
    folder, and True.
    """
    parts: list[str] = []
    for part in path.split("/"):
        folder = "/" + "/".join(parts)
        if part == ".." and is_vain and not os.path.isdir(folder):
            return folder, True
        if part == "..":
            parts = [name for name in os.path.realpath(folder).split("/") if name][:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts), False


# --- what the mechanism saw ------------------------------------------------------------------

KINDS: Mapping[Operation, Kind] = {
    Operation.OPEN: "read", Operation.STAT: "look", Operation.READLINK: "look",
    Operation.ENTER: "look", Operation.CHANGE_FOLDER: "look", Operation.READ_ATTRIBUTE: "look",
    Operation.LIST: "list", Operation.EXECUTE: "execute", Operation.LOAD: "execute",
    Operation.UNLINK: "delete", Operation.REMOVE_FOLDER: "delete",
}  # fmt: skip
"""All others write."""
CHANGING = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC


class Collector:
    """A recorder that keeps every access, and says what made the run incomplete."""

    def __init__(self) -> None:
        self._seen: set[Pair] = set()
        self._trouble: set[Pair] = set()

    def access(self, access: Access) -> None:
        """Keep what is done to one path, or to two."""
        operation = access.operation
        if operation is Operation.RENAME:
            self._seen |= {("delete", access.path), ("write", access.other)}
        elif operation is Operation.LINK:
            self._seen |= {("look", access.path), ("write", access.other)}
        elif operation is Operation.OPEN and access.flags & CHANGING:
            self._seen.add(("write", access.path))
        else:
            self._seen.add((KINDS.get(operation, "write"), access.path))

    def incomplete(self, kind: str, subject: str) -> None:
        """Keep why."""
        self._trouble.add((kind, subject))

    def connects(self, *_: object, **__: object) -> None:
        """Sockets are not compared."""

    def process_started(self, *_: object) -> None:
        """Processes are not compared."""

    def process_ended(self, *_: object, **__: object) -> None:
        """Processes are not compared."""

    def result(self) -> bytes:
        """All of it, for `_trace_here`."""
        return marshal.dumps((list(self._seen), list(self._trouble)))


def trace(workload: Workload) -> tuple[set[Pair], list[Pair]]:
    """What a clean run did, by the mechanism; and its trouble. In a process of its own."""
    workload.clean()
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        data = pool.submit(_trace_here, workload).result()
    seen, trouble = marshal.loads(data)
    return set(seen), trouble


def _trace_here(workload: Workload) -> bytes:
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    results = []

    def keep(data: bytes, *_: object) -> Observed:
        results.append(data)
        return Observed()

    watch = SeccompObserver(lambda _: Collector(), keep).watch(_task(workload), lambda _: "")
    command = Command(
        argv=workload.argv,
        directory=str(workload.directory),
        environment=workload.environment,
        stdin="null",
    )
    execution = execute(command, watch)
    watch.finish()
    if execution.exit_code:
        raise RuntimeError(f"{workload.name}: exit {execution.exit_code} under the tracer")
    return results[0]


def _task(workload: Workload) -> Task:
    folder = str(workload.directory)
    return Task(
        name=workload.name, argv=workload.argv, directory=folder, root=folder, project="",
        environment=workload.environment, umask=0o022,
    )  # fmt: skip


# --- what the record holds -------------------------------------------------------------------


class Record(NamedTuple):
    """A stored trace and its entry, by absolute path."""

    kinds: Mapping[str, set[str]]
    outputs: set[str]
    removed: set[str]


def record(workload: Workload, place: Path) -> Record:
    """What `buildopt run` stores of a run, in an empty cache below `place`."""
    environment = {**workload.environment, **_our_folders(place)}
    program = os.path.join(os.path.dirname(sys.executable), "buildopt")
    said = _run((program, "run", "--cache", "write", "--", *workload.argv), workload, environment)
    layout = Layout(str(place / "cache"))
    found = [path for path in Path(layout.base, "records").glob("*/*/*") if path.suffix != ".json"]
    if len(found) != 1:
        raise SystemExit(f"{workload.name}: not stored: {said.splitlines()[-1]}")
    expand = tokens_for(str(workload.directory), environment).expand
    trace_json = _object(found[0])
    kinds: dict[str, set[str]] = {}
    for kind in ("file", "tool", "absent", "listing", "link", "directory"):
        for subject in trace_json.get(kind, {}):
            kinds.setdefault(expand(subject), set()).add(kind)
    entry = _object(Path(layout.entry(trace_json["entry"])))
    outputs = {expand(output[1]) for output in entry["outputs"]}
    return Record(kinds, outputs, {expand(path) for path in entry["removed"]})


def _our_folders(place: Path) -> dict[str, str]:
    return {"BUILDOPT_CACHE_DIR": f"{place}/cache", "BUILDOPT_STATE_DIR": f"{place}/state"}


def _object(path: Path) -> dict[str, object]:
    """The JSON object below the checksum's line (cache/records.py)."""
    return json.loads(path.read_bytes().partition(b"\n")[2])


class Coverage:
    """Says by what a record covers what a run did, by the rules of observe/ignored.py.

    `before` is what was there: whatever of it the run read before it wrote it is an input.
    """

    def __init__(
        self, placement: Placement, before: set[str], held: Record, seen: Iterable[Seen]
    ) -> None:
        self._placement = placement
        self._before = before
        self._held = held
        self._made_folders = held.outputs - before
        self._written = {s.path for s in seen if s.kind == "write" and s.outcome == "done"}

    def by_what(self, seen: Seen) -> str:
        """One of the columns of the second table; `not covered` if there is no rule."""
        links, path = resolved(seen.path, follows=seen.follows)
        reasons = [self._of_path(Seen("look", link), link) for link in links]
        reasons.append(self._of_path(seen, path))
        return NOT_COVERED if NOT_COVERED in reasons else reasons[-1]

    def _of_path(self, seen: Seen, path: str) -> str:
        place = self._placement.of(path)
        if place in (Place.HIDDEN, Place.STATE):
            return "ignored"
        if any(folder in self._made_folders for folder in _above(path)):
            return "in own folder"
        if self._is_observed(seen, path):
            return "observed"
        if self._is_output(seen, path):
            return "output"
        if any(self._is_obstacle(folder) for folder in _above(path)):
            return "below absent"
        is_own = any(each in self._written for each in (path, *_above(path)))
        if is_own and not os.path.lexists(path):
            return "made and gone"
        if place is Place.TEMPORARY and (is_own or not os.path.isfile(path)):
            return "temporary"
        if seen.kind == "list" and self._placement.lists_by_membership(path):
            return "above project"
        return NOT_COVERED

    def _is_observed(self, seen: Seen, path: str) -> bool:
        kinds = self._held.kinds.get(path, set())
        if seen.outcome == "vain":
            return "absent" in kinds
        if seen.kind == "list":
            return "listing" in kinds
        if seen.kind in ("read", "execute") and os.path.isfile(path):
            return bool(kinds & {"file", "tool"})
        return bool(kinds if seen.outcome == "failed" else kinds - {"absent"})

    def _is_output(self, seen: Seen, path: str) -> bool:
        """Whether the run made or removed it, and did not depend on what it was before."""
        if seen.outcome == "vain" and seen.kind in ("look", "read"):
            return False
        if seen.kind in ("read", "execute") and seen.outcome == "done" and path in self._before:
            return False
        return path in self._held.outputs or path in self._held.removed

    def _is_obstacle(self, folder: str) -> bool:
        """Whether nothing can be below a path, as the record holds it."""
        return bool(self._held.kinds.get(folder, set()) & {"absent", "file", "tool"})


COLUMNS = (
    "observed", "output", "ignored", "below absent", "in own folder", "made and gone",
    "temporary", "above project",
)  # fmt: skip
NOT_COVERED = "not covered"
MOST_LINKS = 40
"""As many as the kernel follows (MAXSYMLINKS)."""


def resolved(path: str, *, follows: bool) -> tuple[list[str], str]:
    """The links that `path` goes through, and where it leads."""
    links: list[str] = []
    here, rest = "/", path.split("/")[::-1]
    while rest and len(links) < MOST_LINKS:
        name = rest.pop()
        step = os.path.dirname(here) if name == ".." else os.path.join(here, name)
        if name in ("", ".", "..") or not os.path.islink(step) or not (rest or follows):
            here = here if name in ("", ".") else step
            continue
        links.append(step)
        target = os.readlink(step)
        here = "/" if target.startswith("/") else here
        rest += target.split("/")[::-1]
    return links, here


def _above(path: str) -> Iterator[str]:
    while path != "/":
        path = os.path.dirname(path)
        yield path


# --- the comparisons -------------------------------------------------------------------------

VARYING = (
    (re.compile(r"/cc[A-Za-z0-9]{6}(?=\.|$)"), "/cc??????"),  # gcc
    (re.compile(r"\.pyc\.\d+$"), ".pyc.N"),  # importlib, before it renames
    (re.compile(r"/tmp[a-z0-9_]{8}(?=/|$)"), "/tmp????????"),  # tempfile
    (re.compile(r"/(pip-[a-z-]+)-[a-z0-9_]{8}(?=/|$)"), r"/\1-????????"),
    (re.compile(r"\.timestamp-\d+-[0-9a-f]+\."), ".timestamp."),  # vite's compiled settings
)
"""Parts of names that are random, or hold a process id or the time."""


class Compared(NamedTuple):
    """The first table's row, and the paths behind its counts."""

    name: str
    paths: int
    by_kind: Counter[str]
    traced_paths: int
    missed: list[Pair]
    extra: list[Pair]
    set_aside: list[Pair]


def compare(name: str, strace_runs: list[set[Seen]], traced: set[Pair]) -> Compared:
    """What strace saw twice against what the mechanism saw."""
    first, second = ({(each.kind, _evened(each.path)) for each in run} for run in strace_runs)
    both = {pair for pair in first & second if not _is_in_proc(pair[1])}
    ours = {(kind, _evened(path)) for kind, path in traced if not _is_in_proc(path)}
    by_kind = Counter(kind for kind, _ in both)
    vain = {(s.kind, _evened(s.path)) for s in strace_runs[0] if s.outcome == "vain"}
    by_kind["in vain"] = len(vain & both)
    return Compared(
        name,
        len({path for _, path in both}),
        by_kind,
        len({path for _, path in ours}),
        sorted(both - ours),
        sorted(ours - first - second),
        sorted((first | second) - both),
    )


def _evened(path: str) -> str:
    for pattern, replacement in VARYING:
        path = pattern.sub(replacement, path)
    return path


def _is_in_proc(path: str) -> bool:
    return path == "/proc" or path.startswith("/proc/")


class Covered(NamedTuple):
    """A row of the second table: project paths or others, and those without a rule."""

    name: str
    place: str
    by_rule: Counter[str]
    uncovered: list[Seen]


def cover(workload: Workload, strace_runs: list[set[Seen]], place: Path) -> list[Covered]:
    """What strace saw twice against what is recorded."""
    workload.clean()
    before = set(_below(str(workload.directory)))
    held = record(workload, place)
    coverage = Coverage(_placement(workload, place), before, held, strace_runs[0])
    inside, elsewhere = (Covered(workload.name, where, Counter(), []) for where in PLACES)
    for seen in sorted(strace_runs[0] & strace_runs[1]):
        row = inside if f"{seen.path}/".startswith(f"{workload.directory}/") else elsewhere
        rule = coverage.by_what(seen)
        row.by_rule[rule] += 1
        if rule == NOT_COVERED:
            row.uncovered.append(seen)
    return [inside, elsewhere]


PLACES = ("project", "elsewhere")


def _below(folder: str) -> Iterator[str]:
    for above, folders, files in os.walk(folder):
        yield from (os.path.join(above, name) for name in (*folders, *files))


def _placement(workload: Workload, place: Path) -> Placement:
    """The policy of such a run (observe/traced.py)."""
    policy = TracePolicy(
        root=str(workload.directory),
        home=workload.environment["HOME"],
        temporary_folders=(*TEMPORARY_FOLDERS, workload.environment["TMPDIR"]),
        ignored_folders=(str(place),),
    )
    return Placement(policy)


# --- running and telling ---------------------------------------------------------------------


def main() -> int:
    """Compare, and print both tables."""
    options = _options()
    if not shutil.which("strace"):
        raise SystemExit("`strace` is not installed: apt-get install strace")
    compared, covered = [], []
    for workload in prepare(options.dir, options.names):
        print(f"{workload.name} …", file=sys.stderr, flush=True)
        if options.again:
            workload.run()
            workload = workload._replace(made=())
        strace_runs = [strace(workload), strace(workload)]
        traced, trouble = trace(workload)
        compared.append(compare(workload.name, strace_runs, traced))
        _tell_pairs("missed by the tracer", compared[-1].missed)
        _tell_pairs("made it incomplete", trouble)
        if options.extra:
            _tell_pairs("seen by the tracer only", compared[-1].extra)
            _tell_pairs("set aside", compared[-1].set_aside)
        with tempfile.TemporaryDirectory(prefix="trace-oracle-") as place:
            covered += cover(workload, strace_runs, Path(place))
        for row in covered[-2:]:
            _tell_pairs("not covered", [(str(each.kind), each.path) for each in row.uncovered])
    print(_first_table(compared), _second_table(covered), sep="\n\n")
    is_sound = not any(row.missed for row in compared) and not any(r.uncovered for r in covered)
    return 0 if is_sound else 1


def _first_table(rows: Iterable[Compared]) -> str:
    kinds = ("read", "look", "in vain", "list", "write", "delete", "execute")
    ends = ("tracer's paths", "**missed**", "extra", "set aside")
    lines = [_row("workload", "strace's paths", *kinds, *ends), "|" + " --- |" * 13]
    for row in rows:
        counts = (row.by_kind[kind] for kind in kinds)
        found = (row.traced_paths, len(row.missed), len(row.extra), len(row.set_aside))
        lines.append(_row(row.name, row.paths, *counts, *found))
    return "\n".join(lines)


def _second_table(rows: Iterable[Covered]) -> str:
    lines = [_row("workload", "where", "accesses", *COLUMNS, "**not covered**")]
    lines.append("|" + " --- |" * (len(COLUMNS) + 4))
    for row in rows:
        counts = (row.by_rule[rule] for rule in (*COLUMNS, NOT_COVERED))
        lines.append(_row(row.name, row.place, row.by_rule.total(), *counts))
    return "\n".join(lines)


def _row(*cells: object) -> str:
    return f"| {' | '.join(f'{c:,}' if isinstance(c, int) else str(c) for c in cells)} |"


def _tell_pairs(title: str, pairs: Iterable[Pair]) -> None:
    for kind, path in pairs:
        print(f"  {title}: {kind} {path!r}", flush=True)


def _run(
    argv: tuple[str, ...], workload: Workload, environment: Mapping[str, str] | None = None
) -> str:
    done = subprocess.run(
        argv,
        cwd=workload.directory,
        env=environment or workload.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    said = os.fsdecode(done.stderr)
    if done.returncode:
        raise SystemExit(f"`{' '.join(argv)}`: exit {done.returncode}: {said[-2000:]}")
    return said


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    parser.add_argument(
        "--again", action="store_true", help="leave in place what the runs before made"
    )
    parser.add_argument(
        "--extra",
        action="store_true",
        help="print what only the tracer saw, and what was set aside",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
