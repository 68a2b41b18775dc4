"""The ledger of a run: what each access means, kept while the run goes on.

    access ──> resolved path ──> Touches.note      a look: the state at first touch counts
                             └─> Touches.attempt   a change: content that counts is digested now
    result ──> conclude ──> bytes ──> decode ──> Observed

It is told of each access before the call executes, and once for each: what is known already
costs one look into a dictionary.
"""

from __future__ import annotations

import marshal
import os
import stat
from collections.abc import Callable
from dataclasses import astuple

from buildopt.model import (
    NotStored,
    NotStoredKind,
    Observation,
    Observed,
    Process,
    StatSignature,
    Task,
)
from buildopt.observe.access import Access, Operation
from buildopt.observe.conclusion import conclude
from buildopt.observe.first_touch import (
    CREATED,
    EXECUTED,
    FOLDER,
    LINK,
    LISTED,
    READ,
    STAT,
    Granularity,
    Touch,
    Touches,
    look,
)
from buildopt.observe.ignored import RESOLVER_NAMES, RESOLVER_PATTERNS, Place, TracePolicy
from buildopt.observe.listing import counted_entries
from buildopt.observe.network import is_harmless
from buildopt.observe.observer import DigestFile
from buildopt.observe.placement import Placement
from buildopt.observe.process_table import ProcessTable
from buildopt.observe.resolve import LinkLoop, Resolver

RENAME_NOREPLACE = 1
RENAME_EXCHANGE = 2
LOOKS_UNTIL_SETTLED = 256
"""Accesses for which a change of links is waited for; one that failed is then given up."""
LONGEST_PATH_BYTES = 4095
"""PATH_MAX without its NUL: a longer path cannot be looked at by name."""
IRRELEVANT_ATTRIBUTES = ("security.", "system.posix_acl_", "system.nfs4_acl", "com.apple.")
_O_CHANGES = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
_O_PATH = getattr(os, "O_PATH", 0)
_O_TMPFILE = getattr(os, "O_TMPFILE", 0)
_LOOKS = {
    Operation.STAT: STAT,
    Operation.ENTER: STAT,
    Operation.CHANGE_FOLDER: STAT,
    Operation.EXECUTE: READ | EXECUTED,
    Operation.LOAD: READ | EXECUTED,
}


class Ledger:
    """The recorder of one run; see `access.Recorder`."""

    def __init__(
        self,
        policy: TracePolicy,
        digest: DigestFile,
        own_outputs: frozenset[str] = frozenset(),
        granularity: Granularity = lambda _device, _path: 0,
    ) -> None:
        self._policy = policy
        self._digest = digest
        self._own_outputs = own_outputs
        self._placement = Placement(policy)
        spared = frozenset() if policy.strict_outputs else own_outputs
        self._touches = Touches(self._placement, digest, granularity, spared)
        self._resolver = Resolver(self._meet_link)
        self._known: dict[tuple[str, bool], Touch] = {}
        self._unsettled: list[tuple[str, StatSignature | None]] = []
        self._looks_left = 0
        self._own_names: dict[str, list[str]] | None = None
        self._processes = ProcessTable()
        self._incomplete: dict[tuple[NotStoredKind, str], None] = {}
        self._changes: dict[Operation, Callable[[Access, str], None]] = {
            Operation.MAKE_FOLDER: self._create,
            Operation.MAKE_NODE: self._create,
            Operation.BIND: self._create,
            Operation.SYMLINK: self._symlink,
            Operation.UNLINK: self._unlink,
            Operation.REMOVE_FOLDER: self._remove_folder,
            Operation.RENAME: self._rename,
            Operation.LINK: self._link,
            Operation.CHANGE_MODE: self._change_status,
            Operation.CHANGE_OWNER: self._change_status,
            Operation.CHANGE_TIMES: self._change_status,
            Operation.TRUNCATE: self._truncate,
            Operation.READ_ATTRIBUTE: self._read_attribute,
            Operation.WRITE_ATTRIBUTE: self._write_attribute,
            Operation.OPEN: self._open,
            Operation.READLINK: self._read_link,
            Operation.LIST: self._list,
        }

    def access(self, access: Access) -> None:
        """Take note of an access, before the call executes."""
        did = _LOOKS.get(access.operation)
        if did is None and access.operation is Operation.OPEN:
            did = _did_by_reading(access.flags)
        if self._unsettled:
            self._settle()
        if did is not None:
            touch = self._known.get((access.path, access.follows))
            if touch is not None and (touch.did & did == did or touch.is_own):
                return
        path = self._locate(access)
        if path is None:
            return
        if did is not None:
            self._look(access, path, did)
            return
        self._changes[access.operation](access, path)

    def incomplete(self, kind: NotStoredKind, subject: str) -> None:
        """Take note that the run must not be stored."""
        self._incomplete[kind, subject] = None

    def connects(self, pid: int, address: str, *, is_own: bool) -> None:
        """Take note of a connection; see `network.py` for those that do not count."""
        if not is_own and not is_harmless(address, self._processes.argv(pid), self._policy):
            self.incomplete("network", address)

    def process_started(
        self, pid: int, parent_pid: int, argv: tuple[str, ...], started_ns: int
    ) -> None:
        """Take note of a process, or of its next program."""
        self._processes.started(pid, parent_pid, argv, started_ns)

    def process_ended(
        self,
        pid: int,
        ended_ns: int,
        *,
        cpu_s: float,
        peak_memory_bytes: int,
        exit_code: int | None,
    ) -> None:
        """Take note of an end."""
        self._processes.ended(pid, ended_ns, cpu_s, peak_memory_bytes, exit_code)

    def result(self) -> bytes:
        """Sum up, for `decode`."""
        adoptable = None if self._policy.strict_outputs else self._own_outputs
        found = conclude(self._touches, self._placement, self._digest, adoptable)
        return marshal.dumps(
            (
                [(*row[:3], row.signature and tuple(row.signature)) for row in found.rows],
                sorted(found.outputs),
                sorted(found.removed),
                sorted(set(found.changed)),
                [*self._incomplete, *dict.fromkeys(found.incomplete)],
                [astuple(process) for process in self._processes.rows()],
            )
        )

    def _locate(self, access: Access) -> str | None:
        """The resolved path; None where the call cannot depend on more than the links met."""
        if len(access.path) > LONGEST_PATH_BYTES:
            self.incomplete("incomplete", access.path[:80])
            return None
        try:
            return self._reach(
                access.path or access.other, access.follows and not _excludes(access)
            )
        except (LinkLoop, RecursionError):
            return None

    def _reach(self, path: str, follows: bool) -> str:
        place, obstacle = self._resolver.locate(path)
        while follows and not obstacle and self._is_link_now(place):
            place, obstacle = self._resolver.follow(place)
        if obstacle and obstacle != place and os.path.lexists(obstacle):
            self._touches.note(obstacle, STAT)
        return place

    def _is_link_now(self, path: str) -> bool:
        touch = self._touches.note(path, 0)
        if not (touch.is_own or touch.is_attempted):
            return touch.kind == LINK
        return touch.place is not Place.HIDDEN and _kind_now(path) == LINK

    def _meet_link(self, link: str) -> None:
        self._touches.note(link, READ)

    def _look(self, access: Access, path: str, did: int) -> None:
        touch = self._touches.note(path, did)
        if not touch.is_attempted and not self._unsettled:
            self._known[access.path, access.follows] = touch

    def _open(self, access: Access, path: str) -> None:
        """Open for writing; what only reads was handled as a look."""
        flags = access.flags
        if flags & os.O_CREAT and flags & os.O_EXCL:
            self._touches.attempt(path, CREATED)
        elif flags & os.O_TRUNC:
            self._touches.attempt(path, 0 if flags & os.O_CREAT else STAT)
        else:
            self._touches.attempt(path, READ)

    def _read_link(self, access: Access, path: str) -> None:
        touch = self._touches.note(path, STAT)
        if touch.kind == LINK and not touch.is_own:
            touch.did |= READ

    def _list(self, access: Access, path: str) -> None:
        if self._placement.lists_by_membership(path):
            self._list_members(path)
            return
        touch = self._touches.note(path, STAT)
        if touch.is_own or touch.kind != FOLDER or touch.did & LISTED:
            return
        if touch.place is not Place.PLAIN:
            return
        touch.did |= LISTED
        self._take_listing(touch)

    def _take_listing(self, touch: Touch) -> None:
        """Keep what the run did not make; what earlier runs made is looked at by itself."""
        base = touch.path.rstrip("/") + "/"
        entries = counted_entries(self._placement, touch.path)
        touch.listing = {
            name: letter for name, letter in entries.items() if not self._is_own(base + name)
        }
        for path in self._own_outputs_in(touch.path):
            self._touches.note(path, STAT)

    def _is_own(self, path: str) -> bool:
        touch = self._touches.all.get(path)
        return touch is not None and self._touches.note(path, 0).is_own

    def _own_outputs_in(self, folder: str) -> list[str]:
        if self._own_names is None:
            self._own_names = {}
            for path in self._own_outputs:
                self._own_names.setdefault(os.path.dirname(path), []).append(path)
        return self._own_names.get(folder, [])

    def _list_members(self, folder: str) -> None:
        """Of a folder above the project only what resolvers look for counts."""
        touch = self._touches.note(folder, STAT)
        if touch.listing is not None:
            return
        touch.listing = {}
        base = folder.rstrip("/") + "/"
        found = counted_entries(self._placement, folder)
        for name in {*RESOLVER_NAMES, *filter(RESOLVER_PATTERNS.fullmatch, found)}:
            self._touches.note(base + name, STAT)

    def _create(self, access: Access, path: str) -> None:
        self._touches.attempt(path, CREATED)

    def _symlink(self, access: Access, path: str) -> None:
        self._touches.attempt(path, CREATED)
        self._unsettle(path)

    def _unlink(self, access: Access, path: str) -> None:
        self._touches.attempt(path, STAT)
        if _kind_now(path) == LINK:
            self._unsettle(path)

    def _remove_folder(self, access: Access, path: str) -> None:
        self._list(access, path)
        self._touches.attempt(path, STAT)

    def _rename(self, access: Access, path: str) -> None:
        try:
            other = self._reach(access.other, follows=False)
        except (LinkLoop, RecursionError):
            return
        kinds = (_kind_now(path), _kind_now(other))
        self._move_away(path, kinds[0])
        if access.flags & RENAME_EXCHANGE:
            self._move_away(other, kinds[1])
        elif access.flags & RENAME_NOREPLACE:
            self._touches.attempt(other, CREATED)
        else:
            if kinds[1] == FOLDER:
                self._list(access, other)
            self._touches.attempt(other, 0)
        if FOLDER in kinds or LINK in kinds:
            self._unsettle(path)

    def _move_away(self, path: str, kind: int) -> None:
        """What is moved is an input where the run did not make it; of a folder, each member."""
        self._touches.attempt(path, STAT if kind == FOLDER else READ)
        if kind != FOLDER or self._touches.is_own_folder(path):
            return
        self._list(Access(0, Operation.LIST, path, follows=False), path)
        with os.scandir(path) as items:
            members = [item.path for item in items]
        for member in members:
            self._move_away(member, _kind_now(member))

    def _link(self, access: Access, path: str) -> None:
        if access.path:
            touch = self._touches.attempt(path, READ)
            self._touches.bind_names(touch)
        try:
            other = self._reach(access.other, follows=False)
        except (LinkLoop, RecursionError):
            return
        self._touches.attempt(other, CREATED)
        if _kind_now(path) == LINK:
            self._unsettle(other)

    def _change_status(self, access: Access, path: str) -> None:
        """Permissions and times are an output whose content is an input."""
        self._touches.attempt(path, STAT if _kind_now(path) == FOLDER else READ)

    def _truncate(self, access: Access, path: str) -> None:
        self._touches.attempt(path, READ if access.size_bytes else STAT)

    def _read_attribute(self, access: Access, path: str) -> None:
        touch = self._touches.note(path, STAT)
        if not touch.is_own and not access.other.startswith(IRRELEVANT_ATTRIBUTES):
            self._refuse_attributes(path, access.follows)

    def _refuse_attributes(self, path: str, follows: bool) -> None:
        """Observations have no place for attributes: a run that looks at some is not stored."""
        try:
            names = os.listxattr(path, follow_symlinks=follows)
        except (OSError, AttributeError):
            return
        if any(not name.startswith(IRRELEVANT_ATTRIBUTES) for name in names):
            self.incomplete("incomplete", path)

    def _write_attribute(self, access: Access, path: str) -> None:
        self._change_status(access, path)
        if access.other and not access.other.startswith(IRRELEVANT_ATTRIBUTES):
            self.incomplete("incomplete", path)

    def _unsettle(self, path: str) -> None:
        """A link or a folder is about to change, so what is known of ways may be wrong."""
        self._unsettled.append((path, look(path)[0]))
        self._looks_left = LOOKS_UNTIL_SETTLED
        self._forget()

    def _settle(self) -> None:
        """Forget all ways until the change is seen to have happened."""
        self._forget()
        self._looks_left -= 1
        self._unsettled = [
            (path, before)
            for path, before in self._unsettled
            if self._looks_left > 0 and look(path)[0] == before
        ]

    def _forget(self) -> None:
        self._known.clear()
        self._resolver.forget()


def decode(data: bytes, task: Task, digest: DigestFile) -> Observed:
    """What was observed: digests the inputs, each of which must still be as it was met.

    An input that is not is among `changed`, and makes the run incomplete.
    """
    rows, outputs, removed, changed, incomplete, processes = marshal.loads(data)
    observations = []
    not_stored = [NotStored(kind=kind, subject=subject) for kind, subject in incomplete]
    for kind, subject, value, fields in rows:
        signature = StatSignature(*fields) if fields else None
        if signature is not None and not value:
            try:
                value = digest(subject)
            except OSError:
                not_stored.append(NotStored(kind="incomplete", subject=subject))
                continue
            if look(subject)[0] != signature:
                changed.append(subject)
        observations.append(
            Observation(kind=kind, subject=subject, value=value, signature=signature)
        )
    changed = tuple(dict.fromkeys(changed))
    not_stored += [NotStored(kind="input-changed", subject=subject) for subject in changed]
    return Observed(
        observations=tuple(observations),
        outputs=tuple(outputs),
        removed=tuple(removed),
        changed=changed,
        incomplete=tuple(not_stored),
        processes=tuple(_process(fields) for fields in processes),
    )


def _process(fields: tuple[int, int, tuple[str, ...], int, int, float, int, int | None]) -> Process:
    pid, parent_pid, argv, started_ns, ended_ns, cpu_s, peak_memory_bytes, exit_code = fields
    return Process(
        pid=pid,
        parent_pid=parent_pid,
        argv=tuple(argv),
        started_ns=started_ns,
        ended_ns=ended_ns,
        cpu_s=cpu_s,
        peak_memory_bytes=peak_memory_bytes,
        exit_code=exit_code,
    )


def _did_by_reading(flags: int) -> int | None:
    """What an open does that cannot change anything; None for one that can."""
    if flags & (_O_PATH | os.O_DIRECTORY) and not flags & _O_CHANGES:
        return STAT
    if flags & _O_TMPFILE == _O_TMPFILE != 0:
        return STAT
    if flags & _O_CHANGES:
        return None
    return READ


def _excludes(access: Access) -> bool:
    """Whether the call fails on a link in the last component instead of following it."""
    exclusive = os.O_CREAT | os.O_EXCL
    return access.operation is Operation.OPEN and access.flags & exclusive == exclusive


def _kind_now(path: str) -> int:
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except OSError:
        return 0
