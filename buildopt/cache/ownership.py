"""What a task has made in one checkout: the only paths that a restore may remove.

TASK.owned   one JSON object {path: [kind, fast digest or target, mode, is gone, digest, bytes]};
             what is gone it made once

A command that is answered as a whole gives back what its steps made, without them: what a step
made once, and the command around it has given back just so, is the step's own again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from buildopt.cache import files
from buildopt.model import OutputState

FORMER_KEPT = 1_000
"""So many paths that are gone are remembered, the latest ones: those of some builds."""


@dataclass(slots=True)
class Ownership:
    """The outputs of former runs and restores of one task, by path relative to the root."""

    path: str
    root: str
    states: dict[str, OutputState] = field(default_factory=dict)
    former: dict[str, OutputState] = field(default_factory=dict)
    """What it made once and is gone, as it was."""

    def paths(self) -> frozenset[str]:
        """Absolute paths of all that the task has made here."""
        return frozenset(self.states)

    def disown(self, path: str) -> None:
        """Take `path` for somebody else's from now on."""
        self.states.pop(path, None)

    def reclaim(self, around: Mapping[str, OutputState]) -> None:
        """Take back what this task made once, and the command around it has given back just so."""
        for path, state in list(self.former.items()):
            is_back = path in around and _fields(around[path]) == _fields(state)
            if is_back and os.path.lexists(path):
                self.states.setdefault(path, self.former.pop(path))

    def update(self, outputs: Iterable[OutputState], removed: Iterable[str]) -> None:
        """Take note of a run or restore, and forget what is gone; raises nothing."""
        before = dict(self.states)
        for path in removed:
            self.states.pop(path, None)
        self.states.update((output.path, output) for output in outputs)
        self.states = {path: s for path, s in self.states.items() if os.path.lexists(path)}
        gone = {**self.former, **{p: s for p, s in before.items() if p not in self.states}}
        left = [(path, s) for path, s in gone.items() if path not in self.states]
        self.former = dict(left[-FORMER_KEPT:])
        raw = {
            os.path.relpath(path, self.root): [
                *_fields(s),
                int(path in self.former),
                s.digest,
                s.size_bytes,
            ]
            for path, s in (self.states | self.former).items()
        }
        data = json.dumps(raw, separators=(",", ":")).encode("ascii")
        try:
            if not os.path.exists(self.path) or files.read(self.path) != data:
                files.publish(self.path, data)
        except OSError:
            pass  # then less is removed later, never more


def _fields(state: OutputState) -> tuple[str, str, int]:
    return state.kind, state.fast_digest or state.digest, state.mode


def load(path: str, root: str) -> Ownership:
    """What is owned; nothing where that cannot be read."""
    owned = Ownership(path, root)
    try:
        for name, (kind, fast, mode, gone, digest, size) in json.loads(files.read(path)).items():
            place = os.path.join(root, name)
            (owned.former if gone else owned.states)[place] = OutputState(
                kind, place, digest, "" if kind == "link" else fast, size, mode
            )
    except (OSError, ValueError, TypeError, AttributeError):
        return Ownership(path, root)
    return owned
