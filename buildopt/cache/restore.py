"""Puts a recorded run's outputs back: decide what differs, then do it, by a plan on disk.

    plan_for   reads only: what is missing or differs, and what a former entry made that goes
    apply      writes TASK.plan, changes the project, removes TASK.plan
    recover    finishes what a killed process left, or undoes it where that cannot be had

A file appears whole, by a temporary whose name the plan's id gives, so that recovery knows the
litter. What already matches is not touched. Nothing is written through a link, and a folder
with something in it that the task did not make is never replaced: that is `Blocked`, a miss.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from binascii import crc32
from collections import Counter
from collections.abc import Callable, Container, Iterable
from typing import NamedTuple

from buildopt.cache import files, locks
from buildopt.cache.artifacts import Artifacts, Damaged
from buildopt.cache.fingerprint import States
from buildopt.cache.ownership import Ownership
from buildopt.model import CacheEntry, OutputState, signature_of
from buildopt.places import TEMPORARY_MARK

LARGE_BYTES = 1 << 20
"""Larger files are copied by two threads: the system's copying and our verifying overlap."""
THREADS = 2


class Blocked(Exception):
    """Something that the task did not make stands where an output belongs."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Plan(NamedTuple):
    """What has to change: in this order, removals, folders, files, links."""

    removals: tuple[str, ...]
    folders: tuple[OutputState, ...]
    files: tuple[OutputState, ...]
    links: tuple[OutputState, ...]

    @property
    def is_empty(self) -> bool:
        """Whether everything is in place."""
        return not (self.removals or self.folders or self.files or self.links)

    @property
    def size_bytes(self) -> int:
        """How much is to be written."""
        return sum(output.size_bytes for output in self.files)


def plan_for(entry: CacheEntry, owned: Ownership, keep: Container[str], states: States) -> Plan:
    """What differs from `entry`; `keep` are paths that its trace depends on.

    Raises Blocked.
    """
    differing = [
        output
        for output in entry.outputs
        if (entry.renews and output.kind == "file") or not states.is_in_place(output)
    ]
    wanted = {output.path for output in entry.outputs}
    stays = wanted | {output.path for output in entry.spared}
    checked: set[str] = set()
    for output in differing:
        _require_room(output, owned, wanted, checked)
        _require_same_kind(output, owned, keep)
    _require_all_names(differing, wanted)
    stale = [s for s in owned.states.values() if s.path not in stays and s.path not in keep]
    for state in stale:
        if os.path.lexists(state.path) and not _is_unchanged(state, states):
            raise Blocked(state.path)  # only the command knows whether it would go
    removals = [state.path for state in stale if os.path.lexists(state.path)]
    removals += [path for path in entry.removed if os.path.lexists(path)]
    return Plan(
        removals=tuple(sorted(set(removals), reverse=True)),
        folders=tuple(sorted(_of("directory", differing), key=lambda output: output.path)),
        files=tuple(_of("file", differing)),
        links=tuple(_of("link", differing)),
    )


def apply(plan: Plan, artifacts: Artifacts, plan_path: str, states: States) -> None:
    """Do it. Raises Damaged or OSError with the plan left on disk, for `undo`.

    A cache that may only be read still answers, without a plan: a kill half-way is then mended
    by the next hit, which looks at every output anyway.
    """
    identity = os.urandom(2).hex()
    try:
        files.publish(plan_path, _dump(plan, identity))
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
    _carry_out(plan, artifacts, identity, states)
    _unlink(plan_path)


def recover(path: str, artifacts: Artifacts, states: States) -> bool:
    """Finish or undo a restore that ended half-way; False for one that is under way."""
    lock = locks.try_acquire(path.removesuffix(".plan") + ".lock")
    if lock is None:
        return False
    try:
        recover_one(path, artifacts, states)
    finally:
        locks.release(lock)
    return True


def undo(plan_path: str, states: States) -> None:
    """Take away what the plan had written, so that no half-restored tree is taken for whole."""
    try:
        plan, identity = _load(plan_path)
    except (OSError, ValueError, KeyError, TypeError):
        return
    for output in (*plan.files, *plan.links):
        _unlink(_temporary(output.path, identity))
        if states.is_in_place(output):
            _unlink(output.path)
    for folder in reversed(plan.folders):
        _remove_folder(folder.path)
    _unlink(plan_path)


def recover_one(path: str, artifacts: Artifacts, states: States) -> None:
    """`recover` for a plan whose lock the caller holds."""
    try:
        plan, identity = _load(path)
    except OSError:
        return
    except (ValueError, KeyError, TypeError):
        _unlink(path)
        return
    for output in (*plan.files, *plan.links):
        _unlink(_temporary(output.path, identity))
    try:
        # What is there may have been edited since; the next hit looks at all of it anew.
        missing = tuple(o for o in plan.files if not os.path.lexists(o.path))
        links = tuple(o for o in plan.links if not os.path.lexists(o.path))
        rest = plan._replace(removals=(), files=missing, links=links)
        _carry_out(rest, artifacts, identity, states)
        os.unlink(path)
    except (Damaged, OSError):
        undo(path, states)


def _carry_out(plan: Plan, artifacts: Artifacts, identity: str, states: States) -> None:
    for path in plan.removals:
        _remove(path)
    for folder in plan.folders:
        _make_folder(folder)
    for parent in {os.path.dirname(o.path) for o in (*plan.files, *plan.links)}:
        os.makedirs(parent, exist_ok=True)
    small = [output for output in plan.files if output.size_bytes < LARGE_BYTES]
    large = [output for output in plan.files if output.size_bytes >= LARGE_BYTES]

    def write(output: OutputState) -> None:
        _write_file(output, artifacts, identity, states)

    _in_threads(write, large)
    for output in small:
        write(output)
    for link in plan.links:
        _write_link(link, identity)
    for folder in reversed(plan.folders):
        os.chmod(folder.path, folder.mode)


def _in_threads(write: Callable[[OutputState], None], outputs: list[OutputState]) -> None:
    if len(outputs) < 2:
        for output in outputs:
            write(output)
        return
    import threading  # only here; concurrent.futures would cost 7 ms more

    waiting = iter(outputs)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for output in waiting:
                write(output)
        except BaseException as failure:  # noqa: BLE001  # raised again below, by the caller
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _write_file(output: OutputState, artifacts: Artifacts, identity: str, states: States) -> None:
    temporary = _temporary(output.path, identity)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(temporary, flags, 0o600)
    try:
        try:
            artifacts.copy_to(output, descriptor)
            os.fchmod(descriptor, output.mode)
            written = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        _clear(output.path)
        os.rename(temporary, output.path)
    except BaseException:
        _unlink(temporary)
        raise
    signature = signature_of(os.lstat(output.path))
    if (signature.inode, signature.mtime_ns) == (written.st_ino, written.st_mtime_ns):
        states.memo.remember(output.path, signature, bytes.fromhex(output.fast_digest))


def _write_link(output: OutputState, identity: str) -> None:
    temporary = _temporary(output.path, identity)
    os.symlink(output.digest, temporary)
    _clear(output.path)
    os.rename(temporary, output.path)


def _make_folder(output: OutputState) -> None:
    status = _lstat(output.path)
    if status is not None and not stat.S_ISDIR(status.st_mode):
        os.unlink(output.path)
        status = None
    if status is None:
        os.makedirs(output.path, exist_ok=True)
    os.chmod(output.path, output.mode | 0o700)  # its own mode when it is filled


def _clear(path: str) -> None:
    """Make room for a rename: a folder there holds only what the task made (`_require_room`)."""
    status = _lstat(path)
    if status is not None and stat.S_ISDIR(status.st_mode):
        for folder, _, names in os.walk(path, topdown=False):
            for name in names:
                os.unlink(os.path.join(folder, name))
            os.rmdir(folder)


def _is_unchanged(state: OutputState, states: States) -> bool:
    """Whether an owned path is still what the task made; somebody else's change keeps it."""
    status = _lstat(state.path)
    if status is None:
        return False
    if state.kind == "directory":
        return stat.S_ISDIR(status.st_mode)
    if state.kind == "link":
        return stat.S_ISLNK(status.st_mode) and os.readlink(state.path) == state.digest
    value = states.content(state.path, signature_of(status))
    return value is not None and value[:32] == state.fast_digest


def _require_room(
    output: OutputState, owned: Ownership, wanted: set[str], checked: set[str]
) -> None:
    """Raise Blocked where writing `output` would touch what the task did not make."""
    parent = os.path.dirname(output.path)
    while parent not in checked and parent != os.path.dirname(parent):
        checked.add(parent)
        status = _lstat(parent)
        if status is not None and not stat.S_ISDIR(status.st_mode) and parent not in wanted:
            raise Blocked(parent)
        parent = os.path.dirname(parent)
    status = _lstat(output.path)
    if output.kind == "directory" or status is None or not stat.S_ISDIR(status.st_mode):
        return
    for folder, _, names in os.walk(output.path):
        for name in names:
            if (path := os.path.join(folder, name)) not in owned.states:
                raise Blocked(path)


def _require_same_kind(output: OutputState, owned: Ownership, keep: Container[str]) -> None:
    """Raise Blocked where a stranger's file would come out otherwise than by overwriting it.

    A command that opens a file for writing keeps its mode, and writes through a link. So it does
    where somebody put a link or a folder in place of the task's file. What the record observed
    (`keep`) is known to be as it was.
    """
    status = _lstat(output.path)
    if status is None or _is_of_kind(owned.states.get(output.path), status):
        return
    if output.kind == "directory":
        is_same = stat.S_ISDIR(status.st_mode)
    elif output.path in keep:
        is_same = True
    elif output.kind == "link":
        is_same = False  # nothing makes a link over what is there
    else:
        is_same = stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == output.mode
    if not is_same:
        raise Blocked(output.path)


def _is_of_kind(state: OutputState | None, status: os.stat_result) -> bool:
    """Whether what is there is still of the kind that the task made."""
    if state is None:
        return False
    if state.kind == "directory":
        return stat.S_ISDIR(status.st_mode)
    return stat.S_ISLNK(status.st_mode) if state.kind == "link" else stat.S_ISREG(status.st_mode)


def _require_all_names(differing: Iterable[OutputState], wanted: Iterable[str]) -> None:
    """Raise Blocked where a file has further names: a command that overwrites it changes those."""
    found = [(output.path, _lstat(output.path)) for output in differing]
    shared = [(path, s) for path, s in found if s and s.st_nlink > 1 and stat.S_ISREG(s.st_mode)]
    if not shared:
        return
    statuses = filter(None, map(_lstat, wanted))
    names = Counter((status.st_dev, status.st_ino) for status in statuses)
    for path, status in shared:
        if names[status.st_dev, status.st_ino] < status.st_nlink:
            raise Blocked(path)


def _remove(path: str) -> None:
    status = _lstat(path)
    if status is None:
        return
    if stat.S_ISDIR(status.st_mode):
        _remove_folder(path)
    else:
        _unlink(path)


def _remove_folder(path: str) -> None:
    try:
        os.rmdir(path)
    except OSError:
        pass  # somebody keeps something there


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _temporary(path: str, identity: str) -> str:
    folder, name = os.path.split(path)
    mark = f"{identity}{crc32(os.fsencode(path)):08x}"  # names may begin alike
    return os.path.join(folder, f".{name[:40]}{TEMPORARY_MARK}{mark}")


def _of(kind: str, outputs: Iterable[OutputState]) -> Iterable[OutputState]:
    return (output for output in outputs if output.kind == kind)


def _dump(plan: Plan, identity: str) -> bytes:
    rows = [
        [o.kind, o.path, o.digest, o.fast_digest, o.size_bytes, o.mode]
        for o in (*plan.folders, *plan.files, *plan.links)
    ]
    raw = {"id": identity, "removals": plan.removals, "outputs": rows}
    return json.dumps(raw, separators=(",", ":")).encode("ascii")


def _load(path: str) -> tuple[Plan, str]:
    raw = json.loads(files.read(path))
    outputs = [
        OutputState(kind=kind, path=p, digest=d, fast_digest=f, size_bytes=size, mode=mode)
        for kind, p, d, f, size, mode in raw["outputs"]
    ]
    plan = Plan(
        removals=tuple(raw["removals"]),
        folders=tuple(_of("directory", outputs)),
        files=tuple(_of("file", outputs)),
        links=tuple(_of("link", outputs)),
    )
    return plan, raw["id"]


def _lstat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None
