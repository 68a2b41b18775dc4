"""What each operation that may change something means for the paths it names.

A call is told before it executes and may fail, so everything here is an attempt; what is about
to be overwritten, moved or removed is digested by `Touches.attempt` where it counts.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping

from buildopt.attributes import IRRELEVANT_ATTRIBUTES, has_attributes
from buildopt.observe.access import Access, Operation
from buildopt.observe.first_touch import (
    ATTRIBUTES,
    CREATED,
    FOLDER,
    KEPT_MODE,
    LINK,
    READ,
    SET_MODE,
    STAT,
    Touches,
)
from buildopt.observe.ignored import Place
from buildopt.observe.listings import Listings
from buildopt.observe.ways import Ways, kind_now, mode_now

RENAME_NOREPLACE = 1
RENAME_EXCHANGE = 2


class Changes:
    """Applies operations to the touches of one run; `refuse` leaves the run unstored."""

    def __init__(
        self,
        touches: Touches,
        ways: Ways,
        listings: Listings,
        refuse: Callable[[str], None],
        umask: int,
    ) -> None:
        self._touches = touches
        self._ways = ways
        self._listings = listings
        self._refuse = refuse
        self._umask = umask

    def apply(self, access: Access, path: str) -> None:
        """Take note of an operation on the resolved `path`."""
        _MEANINGS[access.operation](self, access, path)

    def _open(self, access: Access, path: str) -> None:
        """Open for writing: what is truncated need not be known, what is kept must be."""
        flags = access.flags
        if flags & os.O_CREAT and flags & os.O_EXCL:
            self._touches.attempt(path, CREATED)
        elif flags & os.O_TRUNC:
            did = 0 if flags & os.O_CREAT else STAT
            did |= KEPT_MODE if self._keeps_mode(path, access) else 0
            self._touches.attempt(path, did)
        else:
            self._touches.attempt(path, READ)

    def _keeps_mode(self, path: str, access: Access) -> bool:
        """Whether a file is there whose permission bits are not those that a new one would get."""
        there = mode_now(path)
        if not stat.S_ISREG(there):
            return False
        umask = umask_of(access.pid, self._umask)
        return stat.S_IMODE(there) != stat.S_IMODE(access.mode) & ~umask

    def _create(self, access: Access, path: str) -> None:
        self._touches.attempt(path, CREATED)
        if access.operation is Operation.SYMLINK:
            self._ways.unsettle(path)

    def _unlink(self, _: Access, path: str) -> None:
        self._touches.attempt(path, STAT)
        if kind_now(path) == LINK:
            self._ways.unsettle(path)

    def _remove_folder(self, _: Access, path: str) -> None:
        self._listings.take(path)
        self._touches.attempt(path, STAT)

    def _rename(self, access: Access, path: str) -> None:
        other = self._ways.reach(access.other, access.pid, follows=False)
        if other is None:
            return
        kind, other_kind = kind_now(path), kind_now(other)
        if kind == FOLDER and self._are_both_temporary(path, other):
            if not self._touches.attempt(path, STAT).is_own:
                self._touches.moved.append(other)
        else:
            self._move_away(path, kind)
        if kind == FOLDER:
            self._touches.moved_here.add(other)
        if access.flags & RENAME_EXCHANGE:
            self._move_away(other, other_kind)
            if other_kind == FOLDER:
                self._touches.moved_here.add(path)
        elif access.flags & RENAME_NOREPLACE:
            self._touches.attempt(other, CREATED)
        else:
            if other_kind == FOLDER:
                self._listings.take(other)
            self._touches.attempt(other, CREATED if kind == FOLDER else 0)
        if {kind, other_kind} & {FOLDER, LINK}:
            self._ways.unsettle(path)

    def _are_both_temporary(self, path: str, other: str) -> bool:
        """Whether what is moved stays where nothing is an output: no need to know what it is."""
        places = (self._touches.note(p, 0).place for p in (path, other))
        return all(place is Place.TEMPORARY for place in places)

    def _move_away(self, path: str, kind: int) -> None:
        """What is moved is an input where the run did not make it; of a folder, each member."""
        self._touches.attempt(path, STAT if kind == FOLDER else READ)
        if kind != FOLDER or self._touches.is_own_folder(path):
            return
        self._listings.take(path)
        try:
            names = os.listdir(path)
        except OSError:
            self._refuse(path)
            return
        for name in names:
            member = f"{path}/{name}"
            self._move_away(member, kind_now(member))

    def _link(self, access: Access, path: str) -> None:
        if access.path:
            self._touches.bind_names(self._touches.attempt(path, READ))
        other = self._ways.reach(access.other, access.pid, follows=False)
        if other is None:
            return
        self._touches.attempt(other, CREATED)
        if kind_now(path) == LINK:
            self._ways.unsettle(other)

    def _change_status(self, access: Access, path: str) -> None:
        """Permissions and times are an output whose content is an input."""
        did = STAT if kind_now(path) == FOLDER else READ
        if access.operation is Operation.CHANGE_OWNER:
            self._touches.given_away.add(path)
        if access.operation is not Operation.CHANGE_MODE:
            self._touches.attempt(path, did)
            return
        touch = self._touches.attempt(path, did | SET_MODE)
        if touch.is_own and not touch.is_born and not touch.did & KEPT_MODE:
            touch.did |= SET_MODE  # a file that is there next time has this mode from the start

    def _truncate(self, access: Access, path: str) -> None:
        self._touches.attempt(path, READ if access.size_bytes else STAT)

    def _write_attribute(self, access: Access, path: str) -> None:
        self._change_status(access, path)
        if access.other and not access.other.startswith(IRRELEVANT_ATTRIBUTES):
            self._refuse(path)  # a restore would not bring it back

    def _read_attribute(self, access: Access, path: str) -> None:
        """An observation says only that there are none, so a run that can see any is refused."""
        touch = self._touches.note(path, STAT)
        if touch.is_own or access.other.startswith(IRRELEVANT_ATTRIBUTES):
            return
        if has_attributes(path):
            self._refuse(path)
        else:
            touch.did |= ATTRIBUTES


def umask_of(pid: int, usual: int) -> int:
    """The umask of a process, `usual` where it cannot be told."""
    try:
        with open(f"/proc/{pid}/status", "rb") as status:
            told = status.read().partition(b"\nUmask:")[2].split(maxsplit=1)
        return int(told[0], 8) if told else usual
    except (OSError, ValueError):
        return usual


_MEANINGS: Mapping[Operation, Callable[[Changes, Access, str], None]] = {
    Operation.OPEN: Changes._open,
    Operation.MAKE_FOLDER: Changes._create,
    Operation.MAKE_NODE: Changes._create,
    Operation.BIND: Changes._create,
    Operation.SYMLINK: Changes._create,
    Operation.UNLINK: Changes._unlink,
    Operation.REMOVE_FOLDER: Changes._remove_folder,
    Operation.RENAME: Changes._rename,
    Operation.LINK: Changes._link,
    Operation.CHANGE_MODE: Changes._change_status,
    Operation.CHANGE_OWNER: Changes._change_status,
    Operation.CHANGE_TIMES: Changes._change_status,
    Operation.TRUNCATE: Changes._truncate,
    Operation.READ_ATTRIBUTE: Changes._read_attribute,
    Operation.WRITE_ATTRIBUTE: Changes._write_attribute,
}
