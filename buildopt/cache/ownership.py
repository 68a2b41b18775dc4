"""What a task has made in one checkout: the only paths that a restore may remove.

TASK.owned   one JSON object {tokenised path: [kind, fast digest or target, mode]}
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from buildopt.cache import files
from buildopt.model import OutputState


@dataclass(slots=True)
class Ownership:
    """The outputs of former runs and restores of one task, by path relative to the root."""

    path: str
    root: str
    states: dict[str, OutputState] = field(default_factory=dict)

    def paths(self) -> frozenset[str]:
        """Absolute paths of all that the task has made here."""
        return frozenset(self.states)

    def disown(self, path: str) -> None:
        """Take `path` for somebody else's from now on."""
        self.states.pop(path, None)

    def update(self, outputs: Iterable[OutputState], removed: Iterable[str]) -> None:
        """Take note of a run or restore, and forget what is gone; raises nothing."""
        for path in removed:
            self.states.pop(path, None)
        self.states.update((output.path, output) for output in outputs)
        kept = {path: s for path, s in self.states.items() if os.path.lexists(path)}
        self.states = kept
        raw = {
            os.path.relpath(path, self.root): [s.kind, s.fast_digest or s.digest, s.mode]
            for path, s in kept.items()
        }
        data = json.dumps(raw, separators=(",", ":")).encode("ascii")
        try:
            if not os.path.exists(self.path) or files.read(self.path) != data:
                files.publish(self.path, data)
        except OSError:
            pass  # then less is removed later, never more


def load(path: str, root: str) -> Ownership:
    """What is owned; nothing where that cannot be read."""
    try:
        raw = json.loads(files.read(path))
        states = {
            (place := os.path.join(root, name)): OutputState(
                kind=kind, path=place, digest=digest, fast_digest=digest, mode=mode
            )
            for name, (kind, digest, mode) in raw.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        states = {}
    return Ownership(path, root, states)
