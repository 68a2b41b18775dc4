"""Whether what a record observed still holds: digests only what changed.

`States` is the present as one lookup sees it. It keeps the signature under which each thing
was found to hold, taken *before* the thing was looked at, so that a hit index made of them can
never vouch for a change that came later.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from buildopt.cache.memo import RACY, YOUNG, ChangedMeanwhile, Memo, flags_for, signature_of
from buildopt.model import (
    MissKind,
    MissReason,
    Observation,
    ObservationKind,
    StatSignature,
)

ListFolder = Callable[[str, Container[str]], str]
"""`Observation.value` of a folder's listing, without the paths of the second argument, which
the task made itself. A missing folder lists as an empty one."""

_CHANGED: Mapping[ObservationKind, MissKind] = {
    "file": "file-changed",
    "tool": "tool-changed",
    "absent": "file-appeared",
    "listing": "listing-changed",
    "link": "link-changed",
    "directory": "file-vanished",
    "environment": "environment",
}


@dataclass(slots=True)
class States:
    """What is there now, for one task in one checkout."""

    memo: Memo
    variables: Mapping[str, str]
    """Keyed digest of each variable that counts (variables.py)."""
    list_folder: ListFolder
    own: Container[str] = ()
    signatures: dict[str, StatSignature] = field(default_factory=dict)
    """Under which each file, link and listed folder was found; for the hit index."""
    is_lasting: bool = True
    """Whether all those signatures can be trusted later on."""
    is_young: bool = False
    """Whether one of them is bound to this boot (memo.py)."""

    def value(self, observation: Observation) -> str | None:
        """The value now of what `observation` is about; None where it is of another kind."""
        kind, subject = observation.kind, observation.subject
        if kind == "environment":
            return self.variables.get(subject, "")
        if kind == "absent":
            return "" if _is_absent(subject) else None
        if kind == "listing":
            self._note(subject)
            return self.list_folder(subject, self.own)
        status = _lstat(subject)
        if status is None:
            return None
        if kind == "directory":
            return "" if stat.S_ISDIR(status.st_mode) else None
        signature = signature_of(status)
        self.keep(subject, signature)
        if kind == "link":
            return os.readlink(subject) if stat.S_ISLNK(status.st_mode) else None
        return self.content(subject, signature)

    def content(self, path: str, signature: StatSignature) -> str | None:
        """Value of a regular file whose `lstat` just gave `signature`; None where it is none."""
        if not stat.S_ISREG(signature.mode):
            return None
        try:
            digest = self.memo.digest(path, signature).hex()
        except (OSError, ChangedMeanwhile):
            self.is_lasting = False
            return None
        return digest + ("+x" if signature.mode & 0o111 else "")

    def digest(self, path: str) -> str:
        """`Observation.value` of a regular file; raises OSError where it cannot be had."""
        value = self.content(path, signature_of(os.lstat(path)))
        if value is None:
            raise OSError(f"not a file that can be read: {path}")
        return value

    def first_difference(self, observations: Sequence[Observation]) -> MissReason | None:
        """The first observation that no longer holds, or None: all hold.

        A variable that was not there then is a difference as well.
        """
        for observation in self.with_new_variables(observations):
            now = self.value(observation)
            if now != observation.value:
                return reason_for(observation, now)
        return None

    def differences(self, observations: Sequence[Observation]) -> tuple[MissReason, ...]:
        """All observations that no longer hold."""
        return tuple(
            reason_for(observation, now)
            for observation in self.with_new_variables(observations)
            if (now := self.value(observation)) != observation.value
        )

    def with_new_variables(self, observations: Sequence[Observation]) -> Iterator[Observation]:
        """Variables first, those included that `observations` knows nothing of."""
        known = {o.subject for o in observations if o.kind == "environment"}
        for name in self.variables:
            if name not in known:
                yield Observation(kind="environment", subject=name, value="")
        yield from (o for o in observations if o.kind == "environment")
        yield from (o for o in observations if o.kind != "environment")

    def _note(self, folder: str) -> None:
        status = _lstat(folder)
        if status is not None:
            self.keep(folder, signature_of(status))

    def keep(self, path: str, signature: StatSignature) -> None:
        """Take note of a signature under which something was found to hold."""
        self.signatures[path] = signature
        flags = flags_for(path, signature, time.time_ns())
        self.is_lasting = self.is_lasting and not flags & RACY
        self.is_young = self.is_young or bool(flags & YOUNG)


def reason_for(observation: Observation, now: str | None) -> MissReason:
    """Why `observation` makes a miss, its value being `now`."""
    kind = _CHANGED[observation.kind]
    before, after = observation.value, "" if now is None else now
    if observation.kind in ("file", "tool") and now is None:
        kind = "file-vanished" if _is_absent(observation.subject) else kind
        after = "gone" if kind == "file-vanished" else _kind_of(observation.subject)
    elif observation.kind in ("file", "tool") and before[:32] == after[:32]:
        kind = "mode-changed"
        before, after = _executable(before), _executable(after)
    elif observation.kind == "listing":
        before, after = _names_only_in(before, after), _names_only_in(after, before)
    elif observation.kind == "absent":
        before, after = "absent", _kind_of(observation.subject)
    elif observation.kind == "environment":
        before, after = before[:12] or "not set", after[:12] or "not set"
    elif now is None:
        after = _kind_of(observation.subject)
    return MissReason(kind=kind, subject=observation.subject, before=before, after=after)


def _names_only_in(listing: str, other: str) -> str:
    """Names that one listing has and the other has not, a few of them."""
    missing = sorted(set(listing.split("/")) - set(other.split("/")) - {""})
    names = ", ".join(name[1:] for name in missing[:5])
    return names + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")


def _executable(value: str) -> str:
    return "executable" if value.endswith("+x") else "not executable"


def _kind_of(path: str) -> str:
    status = _lstat(path)
    if status is None:
        return "gone"
    if stat.S_ISDIR(status.st_mode):
        return "a folder"
    if stat.S_ISLNK(status.st_mode):
        return "a link"
    return "a file" if stat.S_ISREG(status.st_mode) else "a special file"


def _is_absent(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _lstat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None
