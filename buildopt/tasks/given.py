"""What tasks without a change give to those behind them, whether or not it is there already."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable

from buildopt.model import Observation, OutputState


class Given:
    """Outputs by path, and the folders that they fill; `path in given` for either."""

    def __init__(self) -> None:
        self._outputs: dict[str, OutputState] = {}
        self._names: dict[str, set[str]] = {}
        """By folder the names in it that are outputs or lead to one."""

    def __contains__(self, path: object) -> bool:
        return path in self._outputs

    def add(self, outputs: Iterable[OutputState]) -> None:
        """Take note of what one more task makes."""
        for output in outputs:
            self._outputs[output.path] = output
            path = output.path
            while (folder := os.path.dirname(path)) != path:
                names = self._names.setdefault(folder, set())
                name = os.path.basename(path)
                if name in names:
                    break
                names.add(name)
                path = folder

    def answers(self, observation: Observation, now: str | None) -> bool:
        """Whether an observation will hold once all is made; `now` is its value at present."""
        kind, subject, value = observation.kind, observation.subject, observation.value
        names, output = self._names.get(subject), self._outputs.get(subject)
        if kind == "listing" and names:
            return _without(names, now or "") == _without(names, value)
        if kind == "directory":
            return now == value or bool(names) or (output is not None and output.kind == kind)
        if kind == "attributes" and now is None:
            return bool(names) or output is not None  # what is restored has none
        if kind == "absent":
            return now == value and not names and output is None
        if output is None:
            return now == value
        if kind == "link":
            return value == output.digest
        return value == f"{output.fast_digest}+{output.mode:o}"


def _without(names: Container[str], listing: str) -> list[str]:
    return [entry for entry in listing.split("/") if entry and entry[1:] not in names]
