"""What no event tells of a run: asked when its report is written, by who asks for the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from buildopt.events import Event
from buildopt.input_table import InputTable
from buildopt.report.processes import Process
from buildopt.report.system import Ask
from buildopt.report.versions import ToolVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingShown:
    """A setting that is not the default, and who set it."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedSection:
    """A section that somebody else makes; `trouble` says why it has no rows, if it failed."""

    title: str
    rows: tuple[tuple[str, str], ...] = ()
    by: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """Who can be asked; nobody by default, so that the same events give the same bytes."""

    versions: Callable[[Sequence[Process], InputTable], tuple[ToolVersion, ...]] = lambda *_: ()
    settings: Callable[[], tuple[SettingShown, ...]] = lambda: ()
    samples: Ask = lambda *_: {}
    sections: Callable[[Sequence[Event]], tuple[AddedSection, ...]] = lambda *_: ()


NOBODY = Present()
