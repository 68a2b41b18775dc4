"""The plugin `baseline`: learns what is usual, and tells by events when it is otherwise.

[plugins.baseline]
default_branch = "develop"       # whose builds are the history; else main, master or trunk
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from buildopt.errors import SettingsError
from buildopt.events import Event
from buildopt.monitor.hookspecs import State, hookimpl
from monitor_plugins.baseline import carried, findings, history, judging, run_values, sampled
from monitor_plugins.baseline.findings import PREFIX

BUILDOPT_API = 1
NAME = "baseline"
OPTIONS = ("default_branch", "budgets")
ASKED = ("accepted", "reset", "imported")
"""What a person asks for, each an event, so that a lost file comes back by a replay."""


class Baseline:
    """The consumer; see `hookspecs.Consumer`."""

    name = NAME
    version = "1.0"
    types = (
        run_values.RUN, run_values.BUNDLE_ANALYZED, run_values.BENCH, run_values.SERIES,
        sampled.SAMPLE, *(PREFIX + asked for asked in ASKED),
    )  # fmt: skip
    state_version = 2

    def __init__(self, default_branch: str = "") -> None:
        self._default_branch = default_branch
        self._sampled = sampled.Sampled()

    def migrate(self, state: State) -> None:
        """Make the tables of a new file, or the one that an older file lacks."""
        first = (*history.TABLES, *findings.TABLES, *sampled.TABLES) if not state.version else ()
        for statement in (*first, findings.ACCEPTED_TABLE):
            state.execute(statement)

    def handle(self, batch: Sequence[Event], state: State) -> Iterator[Event]:
        """Take events in; what was found with them."""
        for event in batch:
            yield from self._take(event, state)

    def _take(self, event: Event, state: State) -> Iterator[Event]:
        if event.type == sampled.SAMPLE:
            return self._sampled.take(state, event)
        if event.type == PREFIX + "imported":
            return carried.take(state, event)
        if event.type.startswith(PREFIX):
            return self._obey(event, state)
        if event.type == run_values.BENCH and event.data.get("finding"):
            return findings.settle(state, event)
        return judging.judge(state, event, self._default_branch)

    def _obey(self, event: Event, state: State) -> Iterator[Event]:
        """A person accepts a level, or has a series learnt anew."""
        series = str(event.data.get("series", ""))
        rows = state.execute(history.ONE, (series,))
        if event.type == PREFIX + "accepted" and not rows:
            self._sampled.accept(state, series)
        elif event.type == PREFIX + "accepted":
            yield from judging.accept(state, series, event)
        elif rows:
            yield from judging.forget(state, history.series_of(rows[0]).key, event)


_chosen: dict[str, str] = {}


@hookimpl
def configure(options: Mapping[str, Any]) -> None:  # Any: as in TOML
    """Take the table `[plugins.baseline]`."""
    for name in options:
        if name not in OPTIONS:
            raise SettingsError(
                f"unknown key `{name}` in `[plugins.baseline]`",
                hint=f"it takes {', '.join(f'`{one}`' for one in OPTIONS)}",
                slug="unknown-key",
            )
    _chosen["default_branch"] = str(options.get("default_branch", ""))


@hookimpl
def consumers() -> list[Baseline]:
    """The one consumer."""
    return [Baseline(_chosen.get("default_branch", ""))]
