"""Our words about a call with many tasks."""

from __future__ import annotations

from buildopt.cli.words import miss_words, saved_words, tell, tell_error
from buildopt.events import RunFinished
from buildopt.phrases import printable, signal_name
from buildopt.quantities import duration
from buildopt.tasks.crossings import Crossing
from buildopt.tasks.model import Plan
from buildopt.tasks.outcome import GraphEnd

MOST_NAMED = 3
"""Names in one line; the groups and the result have them all."""


def summary_of(result: RunFinished, end: GraphEnd) -> str:
    """The one line at the end: tasks, hits, time, time saved, and what failed."""
    count = len(end.results)
    hits = sum(1 for each in end.results.values() if each.outcome != "executed")
    tasks = f"{count} task{'' if count == 1 else 's'}"
    hit = f"{hits} hit{'' if hits == 1 else 's'}"
    line = f"buildopt: {tasks} in {duration(result.duration_s)}, {hit}"
    line += saved_words(result.time_saved_s)
    if end.failed:
        line += f"; failed: {_named(end.failed)}"
    if end.not_run:
        line += f"; not run: {_named(end.not_run)}"
    return f"{line}; ended by {signal_name(end.signal)}" if end.signal else line


def tell_reasons(result: RunFinished) -> None:
    """All reasons why tasks really ran."""
    for row in result.tasks:
        for reason in row.miss_reasons:
            tell(f"  {printable(row.task)}: miss: {miss_words((reason,))}")


def tell_crossing(crossing: Crossing, plan: Plan, *, is_answer: bool) -> None:
    """Two tasks in each other's way, and which `depends_on` is missing; `is_answer`: the later one
    was answered from a record that it had.
    """
    path = printable(crossing.path.removeprefix(plan.root.rstrip("/") + "/"))
    later, other = printable(crossing.later), printable(crossing.other)
    if crossing.missing is None:
        message = f"`{later}` and `{other}` both write `{path}`"
        hint = "let each of them write files of its own"
    else:
        did = {
            "both wrote": f"`{later}` and `{other}` both write `{path}`",
            "wrote": f"`{later}` reads `{path}`, which `{other}` writes",
            "read": f"`{later}` writes `{path}`, which `{other}` reads",
        }[crossing.did]
        message = f"{did}, and nothing orders them"
        who, whom = crossing.missing
        hint = f'`depends_on = ["{printable(whom)}"]` is missing in the task `{printable(who)}`'
    end = "" if is_answer else f"; `{later}` is not stored"
    tell_error(f"{message}{end}", hint, slug="hazard")


def _named(names: tuple[str, ...]) -> str:
    named = ", ".join(map(printable, names[:MOST_NAMED]))
    more = len(names) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named
