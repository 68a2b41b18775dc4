"""Runs a command twice from equal inputs and compares what it gave: for `buildopt verify`.

    watch a run ── it met outputs of an earlier one? ── put them aside, watch again ──┐
                └─ it did not ────────────────────────────────────────────────────────┴─> first
    put its outputs aside ── inputs as they were? ── watch a second run ── compare

What was put aside and is not made again comes back, however it ends.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from buildopt.difference import Cause, Difference, difference_of
from buildopt.model import Execution, Observed, StreamName

DifferenceKind = Literal["content", "kind", "mode", "target", "missing", "removed", "status"]
_DURATION = re.compile(
    rb"\d+([.,]\d+)?\s?(ns|us|\xc2\xb5s|ms|s|sec|secs|seconds?|min|minutes?|m)\b"
)
Trial = Callable[[], tuple[Execution, Observed]]
"""Runs the command once."""


class Unequal(NamedTuple):
    """One thing that came out differently; `where` is known of contents.

    `subject` is an absolute path, or `stdout`, `stderr` or `exit status`.
    """

    subject: str
    kind: DifferenceKind
    before: str = ""
    after: str = ""
    where: Difference | None = None

    @property
    def cause(self) -> Cause:
        """What kind of thing stands where contents differ."""
        return self.where.cause if self.where else "other"


class Verdict(NamedTuple):
    """What came of it. Without a comparison `refused` says why, of `subjects`."""

    runs: int
    unequal: tuple[Unequal, ...] = ()
    compared_files: int = 0
    refused: Literal["", "failed", "incomplete", "changes-inputs", "input-changed"] = ""
    subjects: tuple[str, ...] = ()


def repeat(
    trial: Trial,
    changed_inputs: Callable[[Observed], Iterable[str]],
    earlier: Iterable[str],
    place: str,
    pause: Callable[[], None],
) -> Verdict:
    """Run, run again, compare. `place` is an empty folder of ours that the command cannot see.

    `earlier` is what is known of earlier runs' outputs: it is put aside first. `changed_inputs`
    names what is now not as a run had first met it, `pause` waits until the clock shows another
    time. Raises OSError where outputs cannot be put
    aside.
    """
    stale, first = Aside(os.path.join(place, "0")), Aside(os.path.join(place, "1"))
    try:
        stale.take(earlier)
        execution, observed = trial()
        runs = 1
        if _is_stale(observed) and not _refusal(execution, observed, runs):
            stale.take(_own_making(observed))
            execution, observed = trial()
            runs = 2
        refusal = _refusal(execution, observed, runs)
        if refusal:
            return refusal
        first.take(_own_making(observed))
        refusal = _inputs_refusal(observed, tuple(changed_inputs(observed)), runs)
        if refusal:
            return refusal
        pause()
        again, seen = trial()
        unequal = [*_compare_endings(execution, again), *_compare_files(observed, seen, first)]
        files = sum(1 for path in observed.outputs if os.path.isfile(path))
        return Verdict(runs + 1, tuple(unequal), files)
    finally:
        try:
            first.give_back()
        finally:
            stale.give_back()


class Aside:
    """Files that are out of the way for a while, below a folder of ours."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.places: dict[str, str] = {}

    def take(self, paths: Iterable[str]) -> None:
        """Put them aside; of folders that leave nothing behind, only the folder's own mode."""
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        for path in sorted(paths, reverse=True):  # what is in a folder goes before it
            if not os.path.lexists(path):
                continue
            place = os.path.join(self._folder, str(len(self.places)))
            if os.path.isdir(path) and not os.path.islink(path):
                if os.listdir(path):
                    continue
                os.mkdir(place)
                shutil.copymode(path, place)
                os.rmdir(path)
            else:
                shutil.move(path, place)
            self.places[path] = place

    def give_back(self) -> None:
        """Put back what is missing now, folders first."""
        for path, place in sorted(self.places.items()):
            if os.path.lexists(path) or not os.path.lexists(place):
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.move(place, path)


def _refusal(execution: Execution, observed: Observed, runs: int) -> Verdict | None:
    if execution.exit_code or execution.signal:
        return Verdict(runs, refused="failed", subjects=(_ending(execution),))
    if observed.incomplete:
        subjects = tuple(f"{n.kind}: {n.subject}" for n in observed.incomplete)
        return Verdict(runs, refused="incomplete", subjects=subjects)
    return None


def _inputs_refusal(observed: Observed, changed: tuple[str, ...], runs: int) -> Verdict | None:
    if not changed:
        return None
    if set(changed) <= {*observed.outputs, *observed.removed}:
        return Verdict(runs, refused="changes-inputs", subjects=changed)
    return Verdict(runs, refused="input-changed", subjects=changed)


def _is_stale(observed: Observed) -> bool:
    """Whether the run met what an earlier run had made: probed, or a tool's own state."""
    if observed.remade or not _own_making(observed):
        return bool(observed.remade)
    made = {*observed.outputs, *observed.removed}
    met = {o.subject for o in observed.observations if o.kind == "file" and "|" in o.value[1:]}
    return not made.isdisjoint(met.union(observed.probed))


def _own_making(observed: Observed) -> set[str]:
    """Outputs but for those whose content the run had read before: they are its inputs."""
    read = {
        o.subject
        for o in observed.observations
        if o.kind in ("file", "tool", "link", "directory") and "|" not in o.value
    }
    return {*observed.outputs, *observed.remade} - (read - set(observed.probed))


def _compare_endings(first: Execution, second: Execution) -> list[Unequal]:
    found = []
    for name in ("stdout", "stderr", "joined"):
        where = difference_of(_printed(first, name), _printed(second, name))
        if where:
            subject = "stdout" if name == "joined" else name
            found.append(Unequal(subject, "content", where.before, where.after, where))
    before, after = _ending(first), _ending(second)
    if before != after:
        found.append(Unequal("exit status", "status", before, after))
    return found


def _ending(execution: Execution) -> str:
    return f"signal {execution.signal}" if execution.signal else f"status {execution.exit_code}"


def _printed(execution: Execution, stream: StreamName | str) -> bytes:
    """What it wrote to a stream, all durations made one."""
    chunks = execution.chunks or ()
    return _DURATION.sub(b"0 s", b"".join(c.data for c in chunks if c.stream == stream))


def _compare_files(first: Observed, second: Observed, aside: Aside) -> list[Unequal]:
    found = []
    for path in sorted({*first.outputs, *second.outputs}):
        before = _State.of(aside.places.get(path, path if path in first.outputs else ""))
        after = _State.of(path if path in second.outputs else "")
        unequal = _compare(path, before, after)
        if unequal:
            found.append(unequal)
    for path in sorted(set(first.removed) ^ set(second.removed)):
        told = ("removed", "left") if path in first.removed else ("left", "removed")
        found.append(Unequal(path, "removed", told[0], told[1]))
    return found


class _State(NamedTuple):
    kind: str
    mode: int
    place: str

    @classmethod
    def of(cls, place: str) -> _State | None:
        """What is there; None where nothing is."""
        if not place or not os.path.lexists(place):
            return None
        mode = os.lstat(place).st_mode
        kind = "link" if stat.S_ISLNK(mode) else "folder" if stat.S_ISDIR(mode) else "file"
        return cls(kind, stat.S_IMODE(mode), place)


def _compare(path: str, before: _State | None, after: _State | None) -> Unequal | None:
    if before is None or after is None:
        if before is after:
            return None
        there = ("made", "not made") if before else ("not made", "made")
        return Unequal(path, "missing", there[0], there[1])
    if before.kind != after.kind:
        return Unequal(path, "kind", before.kind, after.kind)
    if before.kind == "link":
        target, other = os.readlink(before.place), os.readlink(after.place)
        return Unequal(path, "target", target, other) if target != other else None
    if before.mode != after.mode:
        return Unequal(path, "mode", f"{before.mode:o}", f"{after.mode:o}")
    if before.kind == "folder" or before.place == after.place:
        return None
    where = difference_of(_read(before.place), _read(after.place))
    return Unequal(path, "content", where.before, where.after, where) if where else None


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
