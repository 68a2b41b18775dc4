"""What strace saw of a build: its logs, read into what was done with each path."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from trace_oracle_call import call
from trace_oracle_seen import Kind, Outcome, Seen, cleaned
from workloads import Workload

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
        call(argv, workload)
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
