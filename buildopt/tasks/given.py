"""What tasks without a change give to those behind them, whether or not it is there already."""

from __future__ import annotations

import os
from collections.abc import Iterable

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
        output = self._outputs.get(subject)
        if kind == "listing" and subject in self._names:
            return self._without_given(subject, now or "") == self._without_given(subject, value)
        if kind == "directory" and subject in self._names:
            return True
        if output is None:
            return now == value and not (kind == "absent" and subject in self._names)
        if kind == "file":
            return value == f"{output.fast_digest}+{output.mode:o}"
        if kind == "link":
            return value == output.digest
        return kind != "absent" and now == value

    def _without_given(self, folder: str, listing: str) -> list[str]:
        return [entry for entry in listing.split("/") if entry[1:] not in self._names[folder]]
