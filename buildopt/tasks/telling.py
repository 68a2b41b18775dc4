"""What a person sees of each task of a call: what it printed, and a line of ours about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from buildopt.events import RunFinished
from buildopt.execute.streams import STDERR
from buildopt.phrases import printable
from buildopt.tasks.groups import grouped
from buildopt.tasks.printer import Printer
from buildopt.tasks.spool import Piece


class Manner(NamedTuple):
    """How a call wants its tasks to be run and told of."""

    jobs: int
    as_it_comes: bool
    """What a task prints is shown at once: no two run at a time."""
    goes_on: bool
    is_quiet: bool
    in_github: bool
    line_of: Callable[[RunFinished], str]
    """The line about one task that ended."""


class Teller:
    """Prints tasks as they end, those that failed last; `joined`: our two streams are one.

    Of the `only` task of a call the line at the end tells.
    """

    def __init__(self, printer: Printer, manner: Manner, *, joined: bool, only: bool) -> None:
        self._printer, self._manner = printer, manner
        self._joined, self._only = joined, only
        self._last: list[Iterator[Piece]] = []

    def tell(
        self,
        name: str,
        result: RunFinished,
        pieces: Iterable[Piece],
        *,
        alone: bool,
        last: bool,
    ) -> None:
        """Print what is left to print of a task; `alone`: it needs no group of its own."""
        manner = self._manner
        if manner.is_quiet or self._only:
            self._printer.show(pieces)
            return
        if result.outcome != "executed" and not pieces:
            return  # a silent answer; the line at the end counts it
        line = f"buildopt: {printable(name)}: {manner.line_of(result)}"
        if alone or manner.as_it_comes:
            self._printer.show(pieces)
            self._printer.show([(STDERR, f"{line}\n".encode("utf-8", "backslashreplace"))])
            return
        group = grouped(line, pieces, in_github=manner.in_github, joined=self._joined)
        if last:
            self._last.append(group)
        else:
            self._printer.show(group)

    def tell_last(self) -> None:
        """Print what was held back."""
        for group in self._last:
            self._printer.show(group)
        self._last = []
