"""The ledger of a run: what each access means, kept while the run goes on.

    access ──> resolved path ──> Touches.note      a look: the state at first touch counts
                             └─> Touches.attempt   a change: content that counts is digested now
    result ──> conclude ──> bytes ──> decoding.decode ──> Observed

It is told of each access before the call executes, and waited for: what is known already costs
one look into a dictionary, a new path one `lstat`.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Iterable

from buildopt.model import NotStoredKind
from buildopt.observe import recorded
from buildopt.observe.access import Access, Advice, Operation
from buildopt.observe.askers import asks_for_kind_only, goes_by_times
from buildopt.observe.changes import Changes
from buildopt.observe.conclusion import conclude
from buildopt.observe.first_touch import (
    EXECUTED,
    FILE,
    KIND,
    LINK,
    READ,
    STAT,
    TIMED,
    Granularity,
    Touch,
    Touches,
)
from buildopt.observe.ignored import Place, TracePolicy
from buildopt.observe.listings import Listings
from buildopt.observe.network import is_harmless
from buildopt.observe.observer import DigestFile
from buildopt.observe.own_folders import mixed_folders
from buildopt.observe.placement import Placement
from buildopt.observe.process_table import ProcessTable, fields_of
from buildopt.observe.recorded import RecordRow
from buildopt.observe.roster import Roster
from buildopt.observe.terminal_reads import reads_our_terminal
from buildopt.observe.ways import Ways

LONGEST_PATH_BYTES = 4095
"""PATH_MAX without its NUL: what has a longer path cannot be looked at by name."""
_O_CHANGES = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
_O_EXCLUSIVE = os.O_CREAT | os.O_EXCL
_O_PATH = getattr(os, "O_PATH", 0)
_O_TMPFILE = getattr(os, "O_TMPFILE", 0)
_CLEANING = frozenset(
    {Operation.STAT, Operation.LIST, Operation.UNLINK, Operation.REMOVE_FOLDER, Operation.ENTER}
)
"""What removing a folder takes: in the temporary folder it may go as deep as it likes."""
_LOOKS = {
    Operation.STAT: STAT,
    Operation.ENTER: STAT,
    Operation.CHANGE_FOLDER: STAT,
    Operation.EXECUTE: READ | EXECUTED,
    Operation.LOAD: READ | EXECUTED,
}
"""Operations that change nothing, and what they do (first_touch.py)."""


class Ledger:
    """The recorder of one run; see `access.Recorder`.

    `own_outputs` are paths that earlier runs of this task made in this checkout, but for those
    of which only the mode was changed. `granularity` is that of `cache/file_times.py`.
    `roster_path` is where a monitor learns of the processes.
    """

    def __init__(
        self,
        policy: TracePolicy,
        digest: DigestFile,
        own_outputs: frozenset[str] = frozenset(),
        granularity: Granularity = lambda _device, _path: 0,
        roster_path: str = "",
    ) -> None:
        self._policy = policy
        self._digest = digest
        self._adoptable = None if policy.strict_outputs else own_outputs
        self._mixed = mixed_folders(own_outputs)
        self._placement = Placement(policy)
        spared = self._adoptable or frozenset()
        self._touches = Touches(self._placement, digest, granularity, spared)
        self._ways = Ways(self._touches)
        self._listings = Listings(self._touches, self._placement, own_outputs)
        self._changes = Changes(
            self._touches, self._ways, self._listings, self._refuse, policy.umask
        )
        self._known: dict[tuple[str, bool], Touch] = {}
        self._known_links: set[str] = set()
        self._processes = ProcessTable(Roster(roster_path))
        self._incomplete: dict[tuple[NotStoredKind, str], None] = {}

    def access(self, access: Access) -> Advice | None:
        """Take note of an access, before the call executes."""
        if not self._ways.is_settled:
            self._forget_known()
            self._ways.settle()
        did = _did_by_looking(access)
        if self._is_known(access, did):
            return Advice.SKIP_REPEATS
        if len(os.fsencode(access.path)) > LONGEST_PATH_BYTES:
            self._refuse_long(access)
            return None
        follows = access.follows and access.flags & _O_EXCLUSIVE != _O_EXCLUSIVE
        path = self._ways.reach(access.path or access.other, access.pid, follows=follows)
        if path is None:
            return None
        if reads_our_terminal(access, path):
            self._refuse(path)
        self._take(access, path, did)
        return None if self._ways.is_settled else Advice.FORGET_REPEATS

    def incomplete(self, kind: NotStoredKind, subject: str) -> None:
        """Take note that the run must not be stored."""
        self._incomplete[kind, subject] = None

    def connects(self, pid: int, address: str, *, is_own: bool) -> bool:
        """Take note of a connection; see `network.py` for those that do not count."""
        if is_own or is_harmless(address, self._processes.argv(pid), self._policy):
            return True
        if self._policy.network == "deny":
            return False
        self.incomplete("network", address)
        return True

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

    def meet(self, rows: Iterable[RecordRow], made: list[str], removed: list[str]) -> None:
        """Take note that a step is about to be answered from a record; see `recorded.py`."""
        recorded.meet(self._touches, self._listings, rows, made, removed)

    def made(self, made: list[str]) -> None:
        """Take note that its outputs are in place."""
        recorded.own(self._touches, made)
        self._forget_known()
        self._ways.forget()

    def request(self, _data: bytes) -> bytes:
        """Nothing can be asked of it meanwhile: it knows of no steps."""
        raise ValueError("no steps are kept apart in this run")

    def result(self) -> bytes:
        """Sum up, for `decoding.decode`."""
        found = conclude(self._touches, self._placement, self._digest, self._adoptable, self._mixed)
        return marshal.dumps(
            (
                [(*row[:3], row.signature and tuple(row.signature)) for row in found.rows],
                sorted(found.outputs),
                sorted(found.removed),
                sorted(set(found.changed)),
                found.probed,
                found.remade,
                [*self._incomplete, *dict.fromkeys(found.incomplete)],
                [fields_of(process) for process in self._processes.rows()],
            )
        )

    def _is_known(self, access: Access, did: int | None) -> bool:
        """Whether it says nothing that an earlier access has not said."""
        if did is None:
            return access.operation is Operation.READLINK and access.path in self._known_links
        touch = self._known.get((access.path, access.follows))
        if touch is None:
            return False
        is_made = touch.is_own and (touch.is_attempted or not touch.is_born)
        return touch.did & did == did or is_made

    def _forget_known(self) -> None:
        self._known.clear()
        self._known_links.clear()

    def _take(self, access: Access, path: str, did: int | None) -> None:
        if did is not None:
            self._look(access, path, did)
        elif access.operation is Operation.LIST:
            self._listings.take(path)
        elif access.operation is Operation.READLINK:
            self._read_link(access, path)
        else:
            self._changes.apply(access, path)

    def _look(self, access: Access, path: str, did: int) -> None:
        argv = self._processes.argv(access.pid)
        if did == STAT and asks_for_kind_only(argv, path):
            did = KIND
        touch = self._touches.note(path, did)
        is_empty = touch.kind == FILE and touch.first is not None and not touch.first.size_bytes
        if is_empty and did == STAT and goes_by_times(argv):
            touch.did |= TIMED
        if is_empty and not touch.did & TIMED and not touch.is_own:
            return  # the next one to look may go by times
        if not touch.is_attempted and self._ways.may_remember:
            self._known[access.path, access.follows] = touch

    def _read_link(self, access: Access, path: str) -> None:
        touch = self._touches.note(path, STAT)
        if touch.kind == LINK and not touch.is_own:
            touch.did |= READ
        if not touch.is_attempted and self._ways.may_remember:
            self._known_links.add(access.path)

    def _refuse_long(self, access: Access) -> None:
        is_temporary = self._placement.of(access.path) is Place.TEMPORARY
        if not (is_temporary and access.operation in _CLEANING):
            self._refuse(access.path[:80])

    def _refuse(self, path: str) -> None:
        self.incomplete("incomplete", path)


def _did_by_looking(access: Access) -> int | None:
    """What an access does that cannot change anything; None for another, and for a listing."""
    if access.operation is Operation.OPEN:
        return _did_by_reading(access.flags)
    return _LOOKS.get(access.operation)


def _did_by_reading(flags: int) -> int | None:
    """What an open does that cannot change anything; None for one that can."""
    if flags & (_O_PATH | os.O_DIRECTORY) and not flags & _O_CHANGES:
        return STAT
    if flags & _O_TMPFILE == _O_TMPFILE != 0:
        return STAT
    if flags & _O_CHANGES:
        return None
    return READ
