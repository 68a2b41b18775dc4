"""The declared observer: nothing is watched; inputs and outputs named so are the whole truth.

Inputs are met before the command starts. Of what lies below a declared output, the run made
what differs afterwards; what was there before and was left alone is a condition of the record,
so that a stranger's file in an output folder is a miss and never somebody's loss.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from buildopt.globs import Pattern, any_covers, parse
from buildopt.model import (
    NotStored,
    Observation,
    Observed,
    ObserverName,
    StatSignature,
    Task,
    signature_of,
)
from buildopt.observe.observer import DigestFile
from buildopt.observe.resolve import LinkLoop, Resolver
from buildopt.observe.tools import observe_tool
from buildopt.places import is_temporary


class Scope(NamedTuple):
    """The declared patterns of a task, taken apart."""

    inputs: tuple[Pattern, ...]
    outputs: tuple[Pattern, ...]
    ignored_inputs: tuple[Pattern, ...]
    ignored_outputs: tuple[Pattern, ...]

    def is_input(self, path: str) -> bool:
        """Whether the content of `path` counts."""
        if any_covers(self.ignored_inputs, path):
            return False
        covering = [pattern for pattern in self.inputs if pattern.covers(path)]
        if not covering or not self.is_output(path):
            return bool(covering)
        return self._is_meant(covering, path)

    def is_output(self, path: str) -> bool:
        """Whether `path` belongs to what the task makes."""
        return any_covers(self.outputs, path) and not any_covers(self.ignored_outputs, path)

    def holds_outputs(self, folder: str) -> bool:
        """Whether what lies directly in `folder` may be an output, itself one or not."""
        return self.is_output(folder) or any(
            pattern.parts
            and f"{folder}/".startswith(f"{pattern.base.rstrip('/')}/")
            and pattern.leads_to(folder)
            for pattern in self.outputs
        )

    def counts(self, path: str, *, is_folder: bool, among_outputs: bool) -> bool:
        """Whether `path` counts in the listing of its folder, itself an output or not."""
        if is_temporary(os.path.basename(path)):
            return False
        if among_outputs and self.is_output(path):
            return True
        return self.is_input(path) or (is_folder and self.leads_to_input(path))

    def leads_to_input(self, folder: str) -> bool:
        """Whether inputs may lie below `folder`; never in `.git` unless it is named."""
        if any_covers(self.ignored_inputs, folder):
            return False
        if os.path.basename(folder) == ".git":
            return any(f"{pattern.base}/".startswith(f"{folder}/") for pattern in self.inputs)
        leading = [pattern for pattern in self.inputs if pattern.leads_to(folder)]
        return bool(leading) and (not self.is_output(folder) or self._is_meant(leading, folder))

    def _is_meant(self, covering: list[Pattern], path: str) -> bool:
        """Whether an output is an input too: not what is made inside an input folder, but a
        declared input inside an output is."""
        made_in = [pattern.base for pattern in self.outputs if pattern.covers(path)]
        return any(f"{p.base}/".startswith(f"{base}/") for p in covering for base in made_in)


def scope_of(task: Task) -> Scope:
    """The scope of a task."""

    def take(patterns: Iterable[str]) -> tuple[Pattern, ...]:
        return tuple(parse(pattern, task.root) for pattern in patterns)

    return Scope(
        take(task.inputs),
        take(task.outputs),
        take(task.ignored_inputs),
        take(task.ignored_outputs),
    )


@dataclass(frozen=True, slots=True)
class DeclaredObserver:
    """Believes what is declared."""

    name: ClassVar[ObserverName] = "declared"

    def watch(self, task: Task, digest: DigestFile, own: frozenset[str]) -> DeclaredWatch:
        """Meet all inputs now, and take note of what lies below the outputs."""
        scope = scope_of(task)
        survey = _Survey(scope, digest, own)
        survey.tool(task)
        survey.inputs()
        before = dict(_below_outputs(scope))
        return DeclaredWatch(scope, survey, before, digest)

    def list_folder(self, task: Task, folder: str, own: Container[str]) -> str:
        """Value of a listing: see `Observation`."""
        return listing(scope_of(task), folder, own)


def survey_inputs(scope: Scope, digest: DigestFile) -> Observed:
    """The declared inputs as they are now."""
    survey = _Survey(scope, digest)
    survey.inputs()
    return Observed(observations=tuple(survey.seen.values()), incomplete=tuple(survey.incomplete))


@dataclass(slots=True)
class DeclaredWatch:
    """One run of a declared task."""

    scope: Scope
    survey: _Survey
    before: dict[str, StatSignature]
    digest: DigestFile

    def child_setup(self) -> None:
        """Leave the child as it is."""

    def started(self, pid: int) -> None:
        """Take no note of `pid`."""

    def request(self, _data: bytes) -> bytes:
        """Nobody keeps a ledger here."""
        raise OSError("nothing is recorded while it runs")

    def finish(self) -> Observed:
        """Tell inputs as they were met, and outputs by what differs below them."""
        after = dict(_below_outputs(self.scope))
        made = {path for path, now in after.items() if self.before.get(path) != now}
        made |= {folder for path in made for folder in _folders_above(path) if folder in after}
        for path, signature in after.items():
            if path not in made:
                self._left_alone(path, signature)
        folders = {os.path.dirname(path) for path in after} | _folders_in(after)
        folders |= {pattern.base for pattern in self.scope.outputs if pattern.parts}
        for folder in folders:
            if self.scope.holds_outputs(folder):
                value = listing(self.scope, folder, made)
                seen = Observation(kind="listing", subject=folder, value=value)
                self.survey.seen["listing", folder] = seen
        for pattern in self.scope.outputs:
            if not pattern.parts and pattern.base not in after:
                self.survey.note(Observation(kind="absent", subject=pattern.base, value=""))
        behind_links = [
            NotStored(kind="incomplete", subject=path)
            for path in after.keys() | {pattern.base for pattern in self.scope.outputs}
            if path not in made and os.path.islink(path) and os.path.isdir(path)
        ]
        return Observed(
            observations=tuple(self.survey.seen.values()),
            outputs=tuple(sorted(made)),
            incomplete=(*self.survey.incomplete, *behind_links),
        )

    def _left_alone(self, path: str, signature: StatSignature) -> None:
        """What the run found and left is a condition, as long as nothing declares it an input."""
        if stat.S_ISREG(signature.mode):
            self.survey.file(path, signature)
        elif stat.S_ISLNK(signature.mode):
            self.survey.note(Observation(kind="link", subject=path, value=os.readlink(path)))


@dataclass(slots=True)
class _Survey:
    """Collects observations of what is there now."""

    scope: Scope
    digest: DigestFile
    own: Container[str] = ()
    seen: dict[tuple[str, str], Observation] = field(default_factory=dict)
    incomplete: list[NotStored] = field(default_factory=list)

    def note(self, observation: Observation) -> None:
        self.seen.setdefault((observation.kind, observation.subject), observation)

    def tool(self, task: Task) -> None:
        for observation in observe_tool(task, self.digest):
            self.note(observation)

    def inputs(self) -> None:
        for pattern in self.scope.inputs:
            self.visit_pattern(pattern)

    def visit_pattern(self, pattern: Pattern) -> None:
        status = _lstat(pattern.base)
        if status is None:
            self.note(Observation(kind="absent", subject=pattern.base, value=""))
            return
        if stat.S_ISDIR(status.st_mode):
            self.is_folder(pattern.base)
        self.visit(pattern.base, status, ())

    def visit(self, path: str, status: os.stat_result, above: tuple[tuple[int, int], ...]) -> None:
        """Meet what is at `path`; `above` are the folders that lead there, against cycles."""
        if stat.S_ISDIR(status.st_mode):
            self.folder(path, status, above)
        elif stat.S_ISLNK(status.st_mode):
            if self.scope.is_input(path) or self.scope.leads_to_input(path):
                self.link(path, above)
        elif not self.scope.is_input(path):
            return
        elif stat.S_ISREG(status.st_mode):
            self.file(path, signature_of(status))
        else:
            self.incomplete.append(NotStored(kind="incomplete", subject=path))

    def file(self, path: str, signature: StatSignature) -> None:
        try:
            value = self.digest(path)
        except OSError:
            self.incomplete.append(NotStored(kind="incomplete", subject=path))
            return
        self.note(Observation(kind="file", subject=path, value=value, signature=signature))

    def link(self, path: str, above: tuple[tuple[int, int], ...]) -> None:
        """Meet a link, each link behind it, and what they lead to; a cycle leads nowhere."""
        resolver = Resolver(self.met)
        target, obstacle = path, ""
        try:
            while not obstacle and os.path.islink(target):
                target, obstacle = resolver.follow(target)
        except LinkLoop:
            return
        status = None if obstacle else _lstat(target)
        if status is None:
            self.note(Observation(kind="absent", subject=target, value=""))
        elif stat.S_ISDIR(status.st_mode):
            self.is_folder(target)
            self.folder(path, status, above)
        elif not self.scope.is_input(path):
            self.note(Observation(kind="listing", subject=path, value=""))
        elif stat.S_ISREG(status.st_mode):
            self.file(target, signature_of(status))
        else:
            self.incomplete.append(NotStored(kind="incomplete", subject=target))

    def is_folder(self, path: str) -> None:
        """A folder that no listing names: without one here its own lists as an empty one."""
        self.note(Observation(kind="directory", subject=path, value=""))

    def met(self, link: str) -> None:
        self.note(Observation(kind="link", subject=link, value=os.readlink(link)))

    def folder(self, path: str, status: os.stat_result, above: tuple[tuple[int, int], ...]) -> None:
        identity = (status.st_dev, status.st_ino)
        if identity in above or not self.scope.leads_to_input(path):
            return
        value = listing(self.scope, path, self.own)
        self.note(Observation(kind="listing", subject=path, value=value))
        try:
            names = sorted(os.listdir(path))
        except OSError:
            self.incomplete.append(NotStored(kind="incomplete", subject=path))
            return
        for name in names:
            below = os.path.join(path, name)
            if not is_temporary(name) and (found := _lstat(below)):
                self.visit(below, found, (*above, identity))


def listing(scope: Scope, folder: str, own: Container[str]) -> str:
    """The entries of `folder` that count, without `own`, which this task made."""
    try:
        with os.scandir(folder) as items:
            found = [(item.name, _letter(item)) for item in items]
    except OSError:
        return ""
    among_outputs = scope.holds_outputs(folder)
    kept = []
    for name, letter in found:
        path = os.path.join(folder, name)
        is_folder = letter in "dl"
        if path not in own and scope.counts(path, is_folder=is_folder, among_outputs=among_outputs):
            kept.append(letter + name)
    return "/".join(sorted(kept))


def _below_outputs(scope: Scope) -> Iterator[tuple[str, StatSignature]]:
    """Everything that is there of the declared outputs."""
    for pattern in scope.outputs:
        yield from _walk_outputs(scope, pattern, pattern.base)


def _walk_outputs(scope: Scope, pattern: Pattern, path: str) -> Iterator[tuple[str, StatSignature]]:
    status = _lstat(path)
    if status is None or is_temporary(os.path.basename(path)):
        return
    if scope.is_output(path):
        yield path, signature_of(status)
    if stat.S_ISDIR(status.st_mode) and pattern.leads_to(path):
        try:
            names = os.listdir(path)
        except OSError:
            return
        for name in names:
            yield from _walk_outputs(scope, pattern, os.path.join(path, name))


def _folders_above(path: str) -> Iterator[str]:
    while (parent := os.path.dirname(path)) != path:
        yield parent
        path = parent


def _folders_in(after: dict[str, StatSignature]) -> set[str]:
    return {path for path, signature in after.items() if stat.S_ISDIR(signature.mode)}


def _letter(item: os.DirEntry[str]) -> str:
    if item.is_symlink():
        return "l"
    if item.is_dir(follow_symlinks=False):
        return "d"
    return "f" if item.is_file(follow_symlinks=False) else "o"


def _lstat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None
