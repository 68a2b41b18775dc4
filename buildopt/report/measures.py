"""Figures of a run; one that is not known says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from buildopt.events import RunFinished
from buildopt.quantities import duration, exact_bytes, size

Unit = Literal["s", "bytes", "count"]
_UNTOLD = "no data: the system did not tell"
_NOT_RUN = "no data: the command was not run"
_NOT_RESTORED = "no data: nothing had to be put back"


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
    off = "no data: nothing was looked up, since no inputs are observed"
    no_lookup = off if run.observer == "off" else _UNTOLD
    not_told = _UNTOLD if run.outcome == "executed" else _NOT_RUN
    peak = run.peak_memory_bytes
    return (
        Measure(name="Duration", unit="s", value=run.duration_s, note="start to end of this run"),
        _saved(run),
        _known("Lookup", "s", run.lookup_s, ("comparing inputs with the records", no_lookup)),
        _known(
            "Restore",
            "s",
            run.restore_s,
            ("comparing outputs and putting back what differs", _NOT_RESTORED),
        ),
        _known("CPU time", "s", run.cpu_s, ("user and system, all processes", not_told)),
        _known("Peak memory", "bytes", peak, ("of the biggest process", not_told)),
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
    if run.tasks:
        note = "time of the recorded steps less the time of their answers"
        return Measure(name="Saved", unit="s", value=run.time_saved_s, note=note, is_estimate=True)
    if run.outcome == "executed":
        return Measure(name="Saved", unit="s", value=None, note="no data: the command was run")
    return Measure(
        name="Saved",
        unit="s",
        value=run.time_saved_s,
        note="time of the recorded run less the time of this one",
        is_estimate=True,
    )


def _known(name: str, unit: Unit, value: float, notes: tuple[str, str]) -> Measure:
    """A figure for which nought means that nobody measured it; notes for known and unknown."""
    return Measure(name=name, unit=unit, value=value or None, note=notes[0 if value else 1])


def _count(name: str, value: int, note: str) -> Measure:
    return Measure(name=name, unit="count", value=value, note=note)
