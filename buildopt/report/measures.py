"""Figures of a run; one that is not known says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from buildopt.events import RunFinished
from buildopt.report.quantities import duration, exact_bytes, size

Unit = Literal["s", "bytes", "count"]
_UNTOLD = "no data: the system did not tell"
_NOT_RUN = "no data: the command was not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure with its unit; `value` is None where it is not known, and `note` says why."""

    name: str
    unit: Unit
    value: float | None
    note: str = ""
    is_estimate: bool = False

    @property
    def shown(self) -> str:
        """`2.41 s`, `≈ 184 kB`, `no data`."""
        if self.value is None:
            return "no data"
        forms = {"s": duration, "bytes": size, "count": "{:,.0f}".format}
        return ("≈ " if self.is_estimate else "") + forms[self.unit](self.value)

    @property
    def exact(self) -> str:
        """The figure before it was rounded, for whoever asks."""
        if self.value is None:
            return self.note
        return exact_bytes(self.value) if self.unit == "bytes" else f"{self.value:g} {self.unit}"


def run_measures(run: RunFinished) -> tuple[Measure, ...]:
    """Times and memory."""
    was_run = run.outcome == "executed"
    off = "no data: nothing was looked up, since no inputs are observed"
    return (
        Measure(name="Duration", unit="s", value=run.duration_s, note="start to end of this run"),
        _known("Lookup", "s", run.lookup_s, off if run.observer == "off" else _UNTOLD),
        _known("Restore", "s", run.restore_s, "no data: nothing had to be put back"),
        _known("CPU time", "s", run.cpu_s, _UNTOLD if was_run else _NOT_RUN),
        _known("Peak memory", "bytes", run.peak_memory_bytes, _UNTOLD if was_run else _NOT_RUN),
        _saved(run),
    )


def input_measures(run: RunFinished) -> tuple[Measure, ...]:
    """How many inputs of each kind; empty where none were observed."""
    counts = run.inputs
    if run.observer == "off":
        return ()
    return (
        _count("Files", counts.files, "content and mode compared"),
        _count("Absent paths", counts.absent, "looked for and not there"),
        _count("Folder listings", counts.listings, "the names in a folder"),
        _count("Links", counts.links, "their targets"),
        _count("Variables", counts.variables, "by name; values are never kept"),
    )


def _saved(run: RunFinished) -> Measure:
    if run.outcome == "executed":
        return Measure(name="Saved", unit="s", value=None, note="no data: the command was run")
    return Measure(
        name="Saved",
        unit="s",
        value=run.time_saved_s,
        note="time of the recorded run less the time of this one",
        is_estimate=True,
    )


def _known(name: str, unit: Unit, value: float, otherwise: str) -> Measure:
    """A figure for which nought means that nobody measured it."""
    return Measure(name=name, unit=unit, value=value or None, note="" if value else otherwise)


def _count(name: str, value: int, note: str) -> Measure:
    return Measure(name=name, unit="count", value=value, note=note)
