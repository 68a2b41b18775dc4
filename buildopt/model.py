"""The records that everything else passes around: plain, frozen, with units in their names.

Paths are `str` in the form of `os.fsdecode`, so that names of any bytes survive; they are
absolute in memory, and tokenised (`$PROJECT/…`) only inside records (`cache/tokens.py`).

Named tuples, made by keyword only: a run that misses waits for each class to be made, and a
frozen dataclass takes seven times as long (docs/decisions/0003-named-tuples.md).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, NamedTuple

ObservationKind = Literal[
    "file", "tool", "absent", "listing", "link", "directory", "attributes", "environment"
]
ObserverName = Literal["seccomp", "declared", "off"]
NetworkMode = Literal["uncacheable", "ignore", "deny"]
CacheMode = Literal["read-write", "read", "write", "off"]
OutputKind = Literal["file", "link", "directory"]
StreamName = Literal["stdout", "stderr", "joined"]
MissKind = Literal[
    "no-record",
    "command",
    "environment",
    "file-changed",
    "file-appeared",
    "file-vanished",
    "listing-changed",
    "link-changed",
    "mode-changed",
    "tool-changed",
    "settings",
    "evicted",
    "damaged",
    "forced",
    "format",
]
NotStoredKind = Literal[
    "failed",
    "signal",
    "undeclared",
    "input-changed",
    "survivor",
    "network",
    "stdin",
    "hazard",
    "incomplete",
    "storage",
    "settings",
]

PRESENT = "present"
"""Value of an observed file of which it only counts that a regular file is there."""


class StatSignature(NamedTuple):
    """What `lstat` says of a path; equal signatures mean equal content unless they are racy.

    Directories are compared by the same fields: a change of their entries moves both times.
    """

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    mode: int


def signature_of(status: os.stat_result) -> StatSignature:
    """The signature in a stat result."""
    return StatSignature(
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino,
        status.st_dev,
        status.st_mode,
    )


class Observation(NamedTuple):
    """One thing that a run depended on, in the state in which the run first met it.

    `value` is text that is equal exactly when nothing changed:

    ============ ===================== ==================================================
    kind         subject               value
    ============ ===================== ==================================================
    file, tool   path                  XXH3-128 of the content, hex, `+` and the permission
                                       bits, octal; `FOUND|LEFT` for a tool's state, which
                                       holds as the run found it or left it; of an empty file
                                       that `make` looked at, `@` and its mtime_ns; `PRESENT`
                                       of a file that was only asked for what it is, with `+`
                                       and its bits of one that was overwritten and kept them
    absent       path                  empty: nothing is there; `own`: nothing, or only what
                                       this task made; `kept`: nothing, or what this record
                                       gives back; `EACCES` …: looking fails with that error
    listing      path of a folder      the entries that count, sorted, each a letter for
                                       its type (`f d l o`) and its name, joined by `/`
    link         path                  the link's target
    directory    path                  permission bits of a folder, octal; empty: any do
    attributes   path                  empty: it has no extended attributes that count
    environment  name of a variable    keyed BLAKE2b of the value, hex; empty when unset; `-`: it
                                       does not count; of `PATH` see cache/search_path.py
    ============ ===================== ==================================================

    `signature` is the one under which the value was taken; it is never stored in a record.
    """

    kind: ObservationKind
    subject: str
    value: str
    signature: StatSignature | None = None


class NotStored(NamedTuple):
    """Why a run left no record: `subject` is a path, a variable's name or a word."""

    kind: NotStoredKind
    subject: str


class MissReason(NamedTuple):
    """What differed from the nearest record; `before` and `after` are short texts for people."""

    kind: MissKind
    subject: str
    before: str = ""
    after: str = ""


class OutputState(NamedTuple):
    """One path that a run made: what a restore puts there.

    `digest` is the SHA-256 of a file's content (its name among the artifacts) or a link's
    target; `fast_digest` the XXH3-128 by which a copy is verified; `mode` the permission bits.
    """

    kind: OutputKind
    path: str
    digest: str = ""
    fast_digest: str = ""
    size_bytes: int = 0
    mode: int = 0


class Usage(NamedTuple):
    """What a run cost, over its whole process tree where the system can tell."""

    duration_s: float
    cpu_s: float
    peak_memory_bytes: int


class Chunk(NamedTuple):
    """Bytes of one stream, in the order in which they arrived."""

    stream: StreamName
    data: bytes


class CacheEntry(NamedTuple):
    """What a run left behind: everything that a hit gives back."""

    key: str
    exit_code: int
    outputs: tuple[OutputState, ...]
    removed: tuple[str, ...]
    streams_digest: str
    usage: Usage
    bound_to: str
    """Root of the one checkout it may serve, because it holds that path; else empty."""
    named: str = ""
    """Name of the root's folder where it occurs in the result: it serves only roots so named."""
    spared: tuple[OutputState, ...] = ()
    """What earlier runs had made and this one left as it was, without a look: it stays. A tool's
    state that is given back may rest on it, and then it comes back with that."""
    renews: bool = False
    """Files in place are written again as well: with the state of an incremental tool comes which
    file it changed last, and it goes by the times of those."""
    secrets: tuple[str, ...] = ()
    """Names of the secret variables whose values occur in it: it never leaves this machine."""


class Trace(NamedTuple):
    """The inputs that one run saw, and the entry they lead to."""

    key: str
    task_key: str
    observations: tuple[Observation, ...]
    entry_key: str
    recorded_ns: int
    run_id: str
    shape: str = ""
    """The look of the streams that the run wrote to: see cache/look.py."""


class Task(NamedTuple):
    """A command with all that decides what it will do, but for what it will read."""

    name: str
    argv: tuple[str, ...]
    directory: str
    root: str
    project: str
    environment: Mapping[str, str]
    umask: int
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    ignored_inputs: tuple[str, ...] = ()
    ignored_outputs: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    """Names, or patterns of names, that count although `hit.counts` leaves them out."""
    ignored_variables: tuple[str, ...] = ()
    strict_outputs: bool = False
    """What earlier runs made is a dependency like any file, and never removed."""
    strict_private: bool = False
    """Tools' own caches count like any file."""
    network: NetworkMode = "uncacheable"
    """What a connection to a server that is no part of the run means: the run is not stored, it
    does not matter, or it is refused."""
    allowed_hosts: tuple[str, ...] = ()
    """Servers, `HOST` or `HOST:PORT`, or socket paths, that do not matter."""
    private: tuple[str, ...] = ()
    """Further paths that are a tool's own cache: neither input nor output."""
    state: tuple[str, ...] = ()
    """Further paths that hold as the record found them or as it left them."""
    told_files: tuple[str, ...] = ()
    """Result file and report of the call, written after it: a listing shows them only where the run
    looked at them."""
    key: str = ""


class Hit(NamedTuple):
    """A record whose every observation holds now."""

    trace: Trace
    entry: CacheEntry


class Miss(NamedTuple):
    """No record holds; the reasons are those of the nearest one."""

    reasons: tuple[MissReason, ...]


Lookup = Hit | Miss


class Observed(NamedTuple):
    """What an observer saw of one run.

    `observations` are in the state of the first touch. `outputs` are absolute paths that the
    run made or changed and that are still there, `removed` those it deleted. `changed` are
    inputs that somebody else changed meanwhile, `probed` those whose content nobody read: only
    whether they are there, their size or mode; `remade` is what the run made anew just as it
    was, which is no output. With `incomplete` not empty nothing is stored.
    """

    observations: tuple[Observation, ...] = ()
    outputs: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    probed: tuple[str, ...] = ()
    remade: tuple[str, ...] = ()
    incomplete: tuple[NotStored, ...] = ()
    processes: tuple[Process, ...] = ()


class Process(NamedTuple):
    """One process of a run: times are monotonic nanoseconds since the run began."""

    pid: int
    parent_pid: int
    argv: tuple[str, ...]
    started_ns: int
    ended_ns: int
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    exit_code: int | None = None


class Execution(NamedTuple):
    """How the command ended, and every byte that it printed.

    `chunks` is None where more was printed than a record may hold.
    """

    exit_code: int
    signal: int
    usage: Usage
    chunks: tuple[Chunk, ...] | None
    not_stored: tuple[NotStored, ...] = ()
    stdin_bytes: int = 0
    """By how much it moved the offset of a stdin that is a regular file."""
