"""Whether what a record observed still holds: digests only what changed.

`States` is the present as one lookup sees it. It keeps the signature under which each thing
was found to hold, taken *before* the thing was looked at, so that a hit index made of them can
never vouch for a change that came later.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from buildopt.attributes import has_attributes
from buildopt.cache import search_path, variables
from buildopt.cache.memo import RACY, YOUNG, ChangedMeanwhile, Memo, flags_for
from buildopt.cache.occurrences import occurring
from buildopt.cache.search_path import SearchPath
from buildopt.model import (
    PRESENT,
    MissKind,
    MissReason,
    Observation,
    ObservationKind,
    OutputState,
    StatSignature,
    signature_of,
)

GONE = ("ENOENT", "ENOTDIR")
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
    "attributes": "file-changed",
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
    """Paths that listings leave out."""
    made: Mapping[str, OutputState] = field(default_factory=dict)
    """What the task made in this checkout, by path, whatever a record depends on."""
    optional: Container[str] = ()
    """Variables that count only where their name occurs in what a run read."""
    words: Sequence[str] = ()
    """The command's words, which may name one."""
    search_path: SearchPath | None = None
    """The `PATH` of now, where another one may do."""
    outputs: Mapping[str, OutputState] = field(default_factory=dict)
    """What the record in question gives back, by path."""
    signatures: dict[str, StatSignature] = field(default_factory=dict)
    """Under which each file, link and listed folder was found; for the hit index."""
    folder_modes: dict[str, int] = field(default_factory=dict)
    """Kind and permission bits under which a folder was found to be there; for the hit index."""
    absent: set[str] = field(default_factory=set)
    """Where nothing was, though no observation says so; for the hit index."""
    since_ns: int = field(default_factory=time.time_ns)
    """When looking began: what changed later than that is racy."""
    is_lasting: bool = True
    """Whether all those signatures can be trusted later on."""
    is_young: bool = False
    """Whether one of them is bound to this boot (memo.py)."""

    def value(self, observation: Observation) -> str | None:
        """The value now of what `observation` is about; None where it is of another kind."""
        kind, subject = observation.kind, observation.subject
        if kind == "environment":
            return self._variable(subject, observation.value)
        if kind == "absent":
            return self._absence(subject, observation.value)
        if kind == "listing":
            self._note(subject)
            return self.list_folder(subject, self.own)
        status = _lstat(subject)
        if status is None:
            return self._absent_state(observation)
        if kind == "attributes":
            return "attributes" if has_attributes(subject) else ""
        if kind == "directory":
            return self._folder(subject, status.st_mode, observation.value)
        signature = signature_of(status)
        self.keep(subject, signature)
        if kind == "link":
            return os.readlink(subject) if stat.S_ISLNK(status.st_mode) else None
        if observation.value.startswith(PRESENT):
            return _presence(status.st_mode, observation.value)
        value = self.content(subject, signature)
        if "@" in observation.value and value is not None:
            return f"{value}@{signature.mtime_ns}"
        if "|" in observation.value and self._is_own_state(subject, value):
            return observation.value
        return _either(value, observation.value)

    def _folder(self, folder: str, mode: int, expected: str) -> str | None:
        """The permission bits of a folder, or nothing where they do not count."""
        self.folder_modes[folder] = mode
        if not stat.S_ISDIR(mode):
            return None
        return f"{stat.S_IMODE(mode):o}" if expected else ""

    def _variable(self, name: str, expected: str) -> str:
        """The digest of a variable, or `expected` where a `PATH` means the same programs."""
        now = self.variables.get(name, "")
        if expected == variables.UNNAMED:
            return expected
        if name != search_path.NAME or self.search_path is None or not expected:
            return now
        meanings = search_path.meanings(expected)
        if now == search_path.digest(expected):
            return expected
        if search_path.is_bare(expected):
            return now
        if any(self.search_path.place_of(name) != place for name, place in meanings.items()):
            return self.search_path.value(now, meanings)
        self._note_programs(self.search_path, meanings)
        return expected

    def _note_programs(self, path: SearchPath, names: Iterable[str]) -> None:
        """Keep what makes the names mean what they do: up to the place where each is found."""
        for name in names:
            met = path.met(name)
            for candidate in path.candidates(name):
                status = _lstat(candidate)
                if status is None:
                    self.absent.add(candidate)
                    continue
                self.keep(candidate, signature_of(status))
                if met and candidate == met[-1]:
                    break

    def is_in_place(self, output: OutputState) -> bool:
        """Whether what is there is what `output` says; its size counts where it is known."""
        status = _lstat(output.path)
        if status is None:
            return False
        signature = signature_of(status)
        self.keep(output.path, signature)
        if output.kind == "link":
            return stat.S_ISLNK(signature.mode) and os.readlink(output.path) == output.digest
        if stat.S_IMODE(signature.mode) != output.mode:
            return False
        if output.kind == "directory":
            return stat.S_ISDIR(signature.mode)
        if output.size_bytes and signature.size_bytes != output.size_bytes:
            return False
        value = self.content(output.path, signature)
        return value is not None and value[:32] == output.fast_digest

    def _absent_state(self, observation: Observation) -> str | None:
        """The value where a tool's state is gone and comes back, or was not there then either."""
        expected = observation.value
        if observation.kind != "file" or "|" not in expected:
            return None
        return expected if observation.subject in self.outputs else _either("", expected)

    def _is_own_state(self, path: str, value: str | None) -> bool:
        """Whether a tool's state is as some run of this task left it, and is given back anyway."""
        made = self.made.get(path)
        return path in self.outputs and made is not None and made.fast_digest == (value or "")[:32]

    def _absence(self, path: str, expected: str) -> str | None:
        """`expected` where the absence holds as `Observation` says, else what is there instead."""
        error = _error_at(path)
        if error:
            if error == "ENOTDIR":
                self._note_file_above(path)
            self.is_lasting = self.is_lasting and error in GONE
            return expected if error == "ENOENT" and expected in ("", "own", "kept") else error
        if expected == "kept" and path in self.outputs and self.is_in_place(self.outputs[path]):
            return expected
        if expected == "own" and self._is_own_throughout(path):
            return expected
        return None

    def _is_own_throughout(self, path: str) -> bool:
        """Whether the task made what is there, and of a folder everything in it."""
        made = self.made.get(path)
        if made is None or made.kind != _output_kind(path):
            return False
        self._note(path)
        if made.kind != "directory":
            return True
        return all(self._is_own_throughout(f"{path}/{name}") for name in os.listdir(path))

    def _note_file_above(self, path: str) -> None:
        """Keep the signature of what stands where `path` needs a folder."""
        while (path := os.path.dirname(path)) != "/":
            status = _lstat(path)
            if status is not None:
                self.keep(path, signature_of(status))
                return

    def content(self, path: str, signature: StatSignature) -> str | None:
        """Value of a regular file whose `lstat` just gave `signature`; None where it is none."""
        if not stat.S_ISREG(signature.mode):
            return None
        try:
            digest = self.memo.digest(path, signature).hex()
        except (OSError, ChangedMeanwhile):
            self.is_lasting = False
            return None
        return f"{digest}+{stat.S_IMODE(signature.mode):o}"

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
        new = [name for name in self.variables if name not in known]
        optional = [name for name in new if name in self.optional]
        if optional:
            named = occurring(optional, self.words, observations)
            new = [name for name in new if name not in optional or name in named]
        for name in new:
            yield Observation(kind="environment", subject=name, value="")
        yield from (o for o in observations if o.kind == "environment")
        yield from (o for o in observations if o.kind != "environment")

    def _note(self, folder: str) -> None:
        status = _lstat(folder)
        if status is not None and stat.S_ISLNK(status.st_mode):
            folder = os.path.realpath(folder)  # its entries are those of where it leads
            status = _lstat(folder)
        if status is not None:
            self.keep(folder, signature_of(status))

    def keep(self, path: str, signature: StatSignature) -> None:
        """Take note of a signature under which something was found to hold."""
        self.signatures[path] = signature
        flags = flags_for(path, signature, self.since_ns)
        self.is_lasting = self.is_lasting and not flags & RACY
        self.is_young = self.is_young or bool(flags & YOUNG)


def reason_for(observation: Observation, now: str | None) -> MissReason:
    """Why `observation` makes a miss, its value being `now`."""
    kind = _CHANGED[observation.kind]
    before, after = observation.value, "" if now is None else now
    if observation.kind in ("file", "tool") and now is None:
        kind = "file-vanished" if _error_at(observation.subject) in GONE else kind
        before = _content_text(before)
        after = "gone" if kind == "file-vanished" else _kind_of(observation.subject)
    elif observation.kind == "file" and "@" in before and before[:32] == after[:32]:
        before, after = "its time", "another time"
    elif observation.kind in ("file", "tool") and _without_mode(before) == _without_mode(after):
        kind = "mode-changed"
        before, after = f"mode {before.rpartition('+')[2]}", f"mode {after.rpartition('+')[2]}"
    elif observation.kind in ("file", "tool"):
        before, after = _content_text(before), _content_text(after)
    elif observation.kind == "listing":
        before, after = _names_only_in(before, after), _names_only_in(after, before)
    elif observation.kind == "absent" and now is not None:
        return _reason_above(observation)
    elif observation.kind == "absent":
        before, after = "absent", _kind_of(observation.subject)
    elif observation.kind == "environment":
        before, after = _variable_texts(before, after)
    elif now is None:
        before = "a folder" if observation.kind == "directory" else before
        after = _kind_of(observation.subject)
    elif observation.kind == "directory":
        kind, before, after = "mode-changed", f"mode {before}", f"mode {after}"
    return MissReason(kind=kind, subject=observation.subject, before=before, after=after)


def _without_mode(value: str) -> str:
    return value.partition("+")[0]


def _presence(mode: int, expected: str) -> str | None:
    """That a regular file is there, with its permission bits where `expected` has some."""
    if not stat.S_ISREG(mode):
        return None
    return PRESENT if expected == PRESENT else f"{PRESENT}+{stat.S_IMODE(mode):o}"


def _content_text(value: str) -> str:
    """The beginning of a content's digest; of a tool's state, of either that would hold."""
    return " or ".join(dict.fromkeys(state[:12] or "nothing" for state in value.split("|")))


def _variable_texts(before: str, after: str) -> tuple[str, str]:
    """The beginnings of two digests, or the first program that another `PATH` finds elsewhere."""
    now = search_path.meanings(after)
    for name, place in search_path.meanings(before).items():
        if now.get(name, place) != place:
            return f"{name}: {place or 'nowhere'}", f"{name}: {now[name] or 'nowhere'}"
    return before[:12] or "not set", after[:12] or "not set"


def _reason_above(observation: Observation) -> MissReason:
    """Why a path is absent in another way: something stands in its way, or does no more."""
    path = os.path.dirname(observation.subject)
    while path != "/" and _lstat(path) is None:
        path = os.path.dirname(path)
    if observation.value == "":
        return MissReason(kind="file-appeared", subject=path, before="absent", after=_kind_of(path))
    return MissReason(kind="file-changed", subject=path, after=_kind_of(path))


def _either(value: str | None, expected: str) -> str | None:
    """`expected` where it names two values and `value` is one of them, else `value`."""
    if "|" in expected and (value or "") in expected.split("|"):
        return expected
    return value


def _error_at(path: str) -> str:
    """Name of the error with which looking at a path fails; empty where something is there."""
    try:
        os.lstat(path)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "EIO")
    return ""


def _names_only_in(listing: str, other: str) -> str:
    """Names that one listing has and the other has not, a few of them."""
    missing = sorted(set(listing.split("/")) - set(other.split("/")) - {""})
    names = ", ".join(name[1:] for name in missing[:5])
    return names + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")


def _kind_of(path: str) -> str:
    status = _lstat(path)
    if status is None:
        return "gone"
    if stat.S_ISDIR(status.st_mode):
        return "a folder"
    if stat.S_ISLNK(status.st_mode):
        return "a link"
    return "a file" if stat.S_ISREG(status.st_mode) else "a special file"


def _output_kind(path: str) -> str:
    """What an output would be called that is as what is there now."""
    status = _lstat(path)
    if status is None or stat.S_ISREG(status.st_mode):
        return "file"
    if stat.S_ISDIR(status.st_mode):
        return "directory"
    return "link" if stat.S_ISLNK(status.st_mode) else ""


def _lstat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None
