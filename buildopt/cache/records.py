"""Traces and entries as files: what some run depended on, and what it left behind.

A trace lies at `records/PROJECT/TASK/VARIABLES-KEY`, where VARIABLES is a short digest of its
variables, so that runs in the same environment are tried first. Both kinds of file are one line
`buildopt-trace 1 CHECKSUM` or `buildopt-entry 1 CHECKSUM` and one JSON object:

    trace   entry, recorded_ns, run, shape of the streams, and for each kind of observation
            {subject: value}
    entry   exit_code, outputs [[kind, path, digest, fast_digest, size, mode]…], removed [path…],
            streams (digest), usage [duration_s, cpu_s, peak_memory_bytes], bound_to,
            named, spared as outputs; and secrets [variable…] where it holds any

Paths are tokenised (tokens.py). The checksum is XXH3-128 of the object's bytes; an entry's name
is their SHA-256. A file that does not match is damaged: it is removed and counts as a miss.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from typing import Any, NamedTuple, get_args

import xxhash

from buildopt.cache import files
from buildopt.cache.artifacts import Damaged
from buildopt.cache.layout import Layout
from buildopt.cache.sealed_trace import SealedTrace
from buildopt.cache.search_path import NAME
from buildopt.cache.tokens import Tokens
from buildopt.cache.variables import is_of_one_run, is_of_scripts
from buildopt.model import (
    CacheEntry,
    Observation,
    ObservationKind,
    OutputKind,
    OutputState,
    Task,
    Trace,
    Usage,
)
from buildopt.secrets_found import masked, secrets_of

TRACES_PER_ENVIRONMENT = 8
"""As many states of the inputs as are gone back to; ccache and BuildXL keep about as many."""
TRACES_PER_TASK = 64
_KINDS: tuple[ObservationKind, ...] = get_args(ObservationKind)
_WITH_PATHS = frozenset(kind for kind in _KINDS if kind != "environment")


Withheld = tuple[str, str]
"""A trace's file under the name that it has meanwhile, and the one under which it is found."""


class Records(NamedTuple):
    """The traces and entries of one cache, seen from one checkout."""

    layout: Layout
    tokens: Tokens
    withheld: list[Withheld] | None = None
    """Where it is not yet known whether a record may stand: those that nobody finds so far."""

    def candidates(self, task: Task, variables: str) -> list[str]:
        """Names of the task's traces: those made with the same variables first, newest first."""
        return _candidates(self.layout.task(task.project, task.key), variables)

    def path(self, task: Task, name: str) -> str:
        """The file of a trace."""
        return os.path.join(self.layout.task(task.project, task.key), name)

    def read_trace(self, task: Task, name: str) -> Trace:
        """One trace; raises Damaged (and removes it) for a file that is no such thing."""
        return self.decode(task, self.read_sealed(task, name))

    def read_sealed(self, task: Task, name: str) -> SealedTrace:
        """One trace as it lies there; raises Damaged (and removes it) if it is not as written."""
        return SealedTrace(name, _read_checked(self.path(task, name), b"buildopt-trace 1", name))

    def decode(self, task: Task, sealed: SealedTrace) -> Trace:
        """What it says; raises Damaged (and removes it) for a file that is no such thing."""
        try:
            return self._trace(task, sealed.name, json.loads(sealed.body))
        except (KeyError, TypeError, ValueError, AttributeError):
            _remove(self.path(task, sealed.name))
            raise Damaged(sealed.name) from None

    def read_entry(self, key: str) -> CacheEntry:
        """One entry; raises Damaged (and removes it) where it is missing or not as named."""
        path = self.layout.entry(key)
        body = _read_checked(path, b"buildopt-entry 1", key)
        try:
            return self._entry(key, json.loads(body))
        except (KeyError, TypeError, ValueError, AttributeError):
            _remove(path)
            raise Damaged(key) from None

    def record(self, task: Task, trace: Trace, entry: CacheEntry) -> Trace:
        """Write the entry, then the trace that leads to it, then drop what is too many.

        The trace as written: with its name and its entry's. Raises OSError with nothing visible.
        """
        body = _dump(self._entry_json(entry))
        key = hashlib.sha256(body).hexdigest()
        _write(self.layout.entry(key), b"buildopt-entry 1", body)
        observed = self._observations_json(trace.observations)
        content = _digest(_dump(observed))[:24]
        name = f"{variables_digest(trace.observations)}-{content}{trace.shape}"
        raw = {
            "entry": key,
            "recorded_ns": trace.recorded_ns,
            "run": trace.run_id,
            "shape": trace.shape,
            **observed,
        }
        self._describe(task)
        self._publish(self.path(task, name), _dump(raw))
        return Trace(
            key=name,
            task_key=task.key,
            observations=trace.observations,
            entry_key=key,
            recorded_ns=trace.recorded_ns,
            run_id=trace.run_id,
            shape=trace.shape,
        )

    def touch(self, task: Task, name: str) -> None:
        """Take note that a trace was used."""
        try:
            os.utime(self.path(task, name))
        except OSError:
            pass  # a read-only cache still answers

    def kin(self, task: Task) -> dict[str, Any] | None:
        """The description of the recorded task of this project that is most like `task`."""
        best: tuple[float, dict[str, Any]] | None = None
        try:
            folders = list(os.scandir(self.layout.project(task.project)))
        except OSError:
            return None
        for folder in folders:
            try:
                described = json.loads(files.read(os.path.join(folder.path, "task.json")))
                score = _likeness(described, task, self.tokens)
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if score and (best is None or score > best[0]):
                best = (score, described)
        return best[1] if best else None

    def _describe(self, task: Task) -> None:
        path = self.path(task, "task.json")
        if not os.path.exists(path):
            files.publish(path, _dump(describe(task, self.tokens)))

    def _publish(self, path: str, body: bytes) -> None:
        if self.withheld is None:
            _write(path, b"buildopt-trace 1", body)
            _drop_old(path)
            return
        meanwhile = files.temporary_name(path)
        _write(meanwhile, b"buildopt-trace 1", body)
        self.withheld.append((meanwhile, path))

    def _trace(self, task: Task, name: str, raw: dict[str, Any]) -> Trace:
        observations = []
        for kind in _KINDS:
            for subject, value in raw.get(kind, {}).items():
                place = self.tokens.expand(subject) if kind in _WITH_PATHS else subject
                observations.append(Observation(kind=kind, subject=place, value=value))
        return Trace(
            key=name,
            task_key=task.key,
            observations=tuple(observations),
            entry_key=raw["entry"],
            recorded_ns=raw["recorded_ns"],
            run_id=raw["run"],
            shape=raw["shape"],
        )

    def _observations_json(self, observations: tuple[Observation, ...]) -> dict[str, Any]:
        groups: dict[str, dict[str, str]] = {}
        for seen in sorted(observations, key=lambda seen: (seen.kind, seen.subject)):
            subject = (
                self.tokens.shorten(seen.subject) if seen.kind in _WITH_PATHS else seen.subject
            )
            groups.setdefault(seen.kind, {})[subject] = seen.value
        return groups

    def _entry(self, key: str, raw: dict[str, Any]) -> CacheEntry:
        expand = self.tokens.expand
        duration_s, cpu_s, peak = raw["usage"]
        return CacheEntry(
            key=key,
            exit_code=raw["exit_code"],
            outputs=tuple(self._output(*row) for row in raw["outputs"]),
            removed=tuple(expand(path) for path in raw["removed"]),
            streams_digest=raw["streams"],
            usage=Usage(duration_s=duration_s, cpu_s=cpu_s, peak_memory_bytes=peak),
            bound_to=raw["bound_to"],
            named=raw["named"],
            spared=tuple(self._output(*row) for row in raw["spared"]),
            secrets=tuple(raw.get("secrets", ())),
        )

    def _entry_json(self, entry: CacheEntry) -> dict[str, Any]:
        shorten = self.tokens.shorten
        return {
            "exit_code": entry.exit_code,
            "outputs": [self._output_json(output) for output in entry.outputs],
            "removed": [shorten(path) for path in entry.removed],
            "streams": entry.streams_digest,
            "usage": [
                entry.usage.duration_s,
                entry.usage.cpu_s,
                entry.usage.peak_memory_bytes,
            ],
            "bound_to": entry.bound_to,
            "named": entry.named,
            "spared": [self._output_json(output) for output in entry.spared],
            **({"secrets": entry.secrets} if entry.secrets else {}),
        }

    def _output(
        self, kind: OutputKind, path: str, digest: str, fast_digest: str, size_bytes: int, mode: int
    ) -> OutputState:
        path = self.tokens.expand(path)
        return OutputState(kind, path, digest, fast_digest, size_bytes, mode)

    def _output_json(self, output: OutputState) -> list[str | int]:
        path = self.tokens.shorten(output.path)
        return [
            output.kind, path, output.digest, output.fast_digest, output.size_bytes, output.mode
        ]  # fmt: skip


def give_out(withheld: Iterable[Withheld]) -> None:
    """Let records be found from now on; what cannot be is one less."""
    for meanwhile, path in withheld:
        try:
            os.rename(meanwhile, path)
        except OSError:
            _remove(meanwhile)
            continue
        _drop_old(path)


def throw_away(withheld: Iterable[Withheld]) -> None:
    """Let them never be found."""
    for meanwhile, _ in withheld:
        _remove(meanwhile)


def variables_digest(observations: tuple[Observation, ...]) -> str:
    """A short name for the variables that a trace holds, but for those that may differ."""
    variables = sorted(
        (o.subject, o.value)
        for o in observations
        if o.kind == "environment"
        and o.subject != NAME
        and not (is_of_one_run(o.subject) or is_of_scripts(o.subject))
    )
    return _digest(repr(variables).encode("ascii", "backslashreplace"))[:12]


def describe(task: Task, tokens: Tokens) -> dict[str, Any]:
    """What a task is, for people and for finding its kin; without secrets."""
    name, argv = masked((task.name, task.argv), secrets_of(task.environment))
    return {
        "name": name,
        "argv": [tokens.shorten_text(argument) for argument in argv],
        "directory": tokens.shorten(task.directory),
        "inputs": task.inputs,
        "outputs": task.outputs,
    }


def _likeness(described: dict[str, Any], task: Task, tokens: Tokens) -> float:
    """How like a recorded task is: 0 for none; the same program is the least."""
    here = describe(task, tokens)
    words, words_here = _words(described["argv"]), _words(here["argv"])
    if words[:1] != words_here[:1]:
        return 0.0
    common = len(set(words) & set(words_here))
    return common / max(len(words), len(words_here), 1) + (
        1.0 if described["directory"] == here["directory"] else 0.0
    )


def _words(argv: list[str]) -> list[str]:
    """The program and its arguments, also where a shell is given them as one text."""
    return argv[2].split() if len(argv) == 3 and argv[1] == "-c" else argv


def _candidates(folder: str, variables: str) -> list[str]:
    try:
        found = [(item.stat().st_mtime_ns, item.name) for item in os.scandir(folder)]
    except OSError:
        return []
    names = [name for _, name in sorted(found, reverse=True) if _is_trace(name)]
    return sorted(names, key=lambda name: not name.startswith(variables + "-"))


def _drop_old(path: str) -> None:
    """Drop what is too much beside the newest trace."""
    folder, newest = os.path.split(path)
    variables = newest.partition("-")[0]
    names = _candidates(folder, variables)
    same = [name for name in names if name.startswith(variables + "-")]
    for name in same[TRACES_PER_ENVIRONMENT:] + names[TRACES_PER_TASK:]:
        if name != newest:  # whatever the clock says of the others
            _remove(os.path.join(folder, name))


def _is_trace(name: str) -> bool:
    return "-" in name and not name.startswith(".")


def _digest(data: bytes) -> str:
    return str(xxhash.xxh3_128_hexdigest(data))


def _dump(raw: dict[str, Any]) -> bytes:
    return json.dumps(raw, separators=(",", ":")).encode("ascii")


def _write(path: str, magic: bytes, body: bytes) -> None:
    files.publish_pieces(path, (b"%s %s\n" % (magic, _digest(body).encode()), body))


def _read_checked(path: str, magic: bytes, name: str) -> bytes:
    try:
        head, _, body = files.read(path).partition(b"\n")
    except OSError:
        raise Damaged(name) from None
    if head != b"%s %s" % (magic, _digest(body).encode()):
        _remove(path)
        raise Damaged(name)
    return body


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
