"""What the steps of one run share: how it was asked for, its stores, and the present it meets."""

from __future__ import annotations

import os
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from buildopt import terminal_line
from buildopt.cache import lookup, memo, ownership, records, search_path, variables
from buildopt.cache.artifacts import Artifacts
from buildopt.cache.fingerprint import States
from buildopt.cache.layout import Layout
from buildopt.cache.look import Look, look_of
from buildopt.cache.search_path import SearchPath
from buildopt.cache.tokens import Tokens
from buildopt.events import RunFinished
from buildopt.execute.command import StdinChoice
from buildopt.execute.stdin import stdin_content, stdin_offset
from buildopt.execute.streams import Streams, closed_outputs
from buildopt.journal import Journal
from buildopt.model import (
    CacheEntry,
    CacheMode,
    Chunk,
    Execution,
    Hit,
    NotStored,
    Observation,
    Observed,
    OutputState,
    Task,
    Trace,
)
from buildopt.observe.observer import Observer
from buildopt.progress import Progress


class Policy(NamedTuple):
    """How a call wants to use the cache and start the command."""

    cache: CacheMode = "read-write"
    force: bool = False
    stdin: StdinChoice = "inherit"
    pass_fds: bool = False
    uses_memo: bool = True
    is_quiet: bool = True
    """No line of ours is shown, neither meanwhile nor at the end."""
    takes_lists_apart: bool = True
    """A script that is a plain list has a record for each of its parts."""
    is_worth_answering: bool = True
    """Not for a step that runs sooner than it is answered: it is neither looked up nor recorded."""
    trouble: NotStored | None = None
    """Why the cache cannot be used at all; the command then just runs."""

    @property
    def reads(self) -> bool:
        """Whether a hit may answer."""
        return self.cache in ("read-write", "read") and not self.force

    @property
    def writes(self) -> bool:
        """Whether a run may be recorded."""
        return self.cache in ("read-write", "write")


class Stores(NamedTuple):
    """The cache as one call sees it, and the journal it writes to."""

    layout: Layout
    secret: bytes
    tokens: Tokens
    journal: Journal
    withheld: list[records.Withheld] | None = None
    """Records that are not to be found yet; None: each is at once."""


class Finished(NamedTuple):
    """A run's end: its result.

    `fresh` says how the same call can be answered from now on, None where it cannot. `made` are
    absolute paths of its outputs, as far as they are known.
    """

    result: RunFinished
    fresh: Fresh | None = None
    made: tuple[str, ...] = ()


class Fresh(NamedTuple):
    """A state found to be as recorded, for the hit index."""

    observations: tuple[Observation, ...]
    states: States
    record_path: str
    entry: CacheEntry
    chunks: tuple[Chunk, ...]


class Stage(Protocol):
    """Where a run takes place: with our own streams, or in a client's (`steps/stage.py`)."""

    @property
    def streams(self) -> Streams:
        """What is printed to."""

    @property
    def keeps_fresh_state(self) -> bool:
        """Whether the next call like it may be answered by a hit index."""

    def execute(self, run: Run, usual_s: float) -> tuple[Execution, Observed]:
        """Run the command under observation; raises BuildoptError where it cannot be started.

        `usual_s` is how long it usually takes, 0 where nobody knows.
        """

    def meet(self, found: Hit, removals: Iterable[str]) -> None:
        """Take note of a record, before anything of it is given back; raises OSError.

        `removals` are all paths that are about to go, also what earlier runs had made.
        """

    def made(self, found: Hit) -> None:
        """Take note that all of it was given back; raises OSError."""

    def replay(self, chunks: Iterable[Chunk]) -> None:
        """Write what a run printed."""


class Run(NamedTuple):
    """What the steps of one run share."""

    task: Task
    policy: Policy
    observer: Observer
    stores: Stores
    artifacts: Artifacts
    records: records.Records
    owned: ownership.Ownership
    memo: memo.Memo
    progress: Progress
    variables: Mapping[str, str]
    folder: str
    stdin: Mapping[str, str]
    stdin_offset: int
    look: Look
    started_ns: int
    stage: Stage

    def states(
        self,
        trace: Trace | None = None,
        entry: CacheEntry | None = None,
        own: frozenset[str] = frozenset(),
    ) -> States:
        """The present, its listings taken without `own` and what a record gives back."""
        if trace is not None and entry is not None:
            outputs = (output.path for output in entry.outputs)
            own = lookup.own_paths(trace.observations, outputs, self.owned, self.task.told_files)
        given_back = {o.path: o for o in (*entry.spared, *entry.outputs)} if entry else {}
        return States(
            memo=self.memo,
            variables=self.variables,
            list_folder=self._list_folder,
            own=own,
            made=self.owned.states,
            optional=self.optional_variables,
            words=self.words,
            search_path=self.search_path,
            outputs=given_back,
        )

    def _list_folder(self, folder: str, own: Container[str]) -> str:
        return self.observer.list_folder(self.task, folder, own)

    @property
    def words(self) -> tuple[str, ...]:
        """The command's words, and what other variables say."""
        told = self.task.environment
        return (*self.task.argv, *(told[name] for name in self.variables if name in told))

    @property
    def is_traced(self) -> bool:
        """Whether it is known what the command looks at."""
        return self.observer.name == "seccomp"

    @property
    def optional_variables(self) -> frozenset[str]:
        """Those which a traced run may turn out not to know of."""
        names = (name for name in self.variables if variables.is_optional(name, self.task))
        return frozenset(names) if self.is_traced and not self.stdin else frozenset()

    @property
    def search_path(self) -> SearchPath | None:
        """The `PATH` of a traced run, of which it is known what was looked for in it."""
        text = self.task.environment.get(search_path.NAME)
        if text is None or search_path.NAME not in self.variables or not self.is_traced:
            return None
        path = SearchPath(text, self.task.directory, self.stores.tokens)
        return path if path.is_absolute() else None

    @property
    def plan_path(self) -> str:
        """Where a restore of this task keeps its plan."""
        return os.path.join(self.folder, f"{self.task.key}.plan")


def begin(
    task: Task,
    policy: Policy,
    observer: Observer,
    stores: Stores,
    stage: Stage,
    known: memo.Memo | None = None,
) -> Run:
    """Take stock before anything is looked up; never raises for a cache that cannot be written.

    `known` is the memo of the checkout, where it is loaded already.
    """
    folder = stores.layout.checkout(task.root)
    offset = stdin_offset(policy.stdin)
    stdin = stdin_content(policy.stdin, stores.secret, offset)
    progress = Progress(is_shown=may_show_lines(policy))
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
    except OSError:
        pass  # whatever cannot be written later is told then
    return Run(
        task=task,
        policy=policy,
        observer=observer,
        stores=stores,
        artifacts=Artifacts(stores.layout, progress.advance),
        records=records.Records(stores.layout, stores.tokens, stores.withheld),
        owned=_owned(task, os.path.join(folder, f"{task.key}.owned")),
        memo=known or load_memo(stores, task.root, policy, progress),
        progress=progress,
        variables=variables.digests(
            task, stores.secret, stores.tokens, is_traced=observer.name == "seccomp"
        )
        | stdin
        | closed_outputs(stage.streams),
        stdin=stdin,
        stdin_offset=offset,
        folder=folder,
        look=look_of(
            terminals=(stage.streams.stdout == "terminal", stage.streams.stderr == "terminal"),
            is_joined=stage.streams.is_joined,
            environment=task.environment,
            secret=stores.secret,
        ),
        started_ns=time.monotonic_ns(),
        stage=stage,
    )


def load_memo(stores: Stores, root: str, policy: Policy, progress: Progress) -> memo.Memo:
    """What is remembered of the files of one checkout."""
    path = os.path.join(stores.layout.checkout(root), "memo")
    return memo.load(path, enabled=policy.uses_memo, advance=progress.advance)


def may_show_lines(policy: Policy) -> bool:
    """Whether lines of ours may come and go on the terminal."""
    return not policy.is_quiet and terminal_line.is_welcome(os.environ)


def _owned(task: Task, path: str) -> ownership.Ownership:
    if task.strict_outputs:
        return ownership.Ownership(path, task.root)
    return ownership.load(path, task.root)


def variable_observations(digests: Mapping[str, str]) -> tuple[Observation, ...]:
    """The variables that count, as observations."""
    return tuple(
        Observation(kind="environment", subject=name, value=value)
        for name, value in digests.items()
    )


def made_by_run(entry: CacheEntry, observations: Sequence[Observation]) -> tuple[OutputState, ...]:
    """Outputs whose content the run made: not an input of which it only changed the mode."""
    inputs = {o.subject: o.value[:32] for o in observations if o.kind in ("file", "tool")}
    folders = {o.subject for o in observations if o.kind == "directory"}

    def is_made(output: OutputState) -> bool:
        if output.kind == "directory":
            return output.path not in folders
        return not output.fast_digest or inputs.get(output.path, "") != output.fast_digest

    return tuple(filter(is_made, entry.outputs))


def named(error: Exception) -> str:
    """An error as a short text for an event."""
    return f"{type(error).__name__}: {error}"[:200]


def seconds_since(started_ns: int) -> float:
    """Seconds since a monotonic moment."""
    return (time.monotonic_ns() - started_ns) / 1e9
