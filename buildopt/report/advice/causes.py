"""Suggestions from the history: inputs that matter little, outputs that differ, runs not kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from buildopt.events import Event, RunFinished
from buildopt.model import NotStored
from buildopt.phrases import not_stored_phrase, printable
from buildopt.quantities import counted, duration
from buildopt.report.advice.suggestion import Suggestion, named
from buildopt.report.gathered import DAYS, Gathered
from buildopt.report.misses import MissCause
from buildopt.report.steps import word_of

LEAST_SAME = 3
"""So often an input must have changed nothing before we say that it may not matter."""
LEAST_VALUES = 3
LEAST_UNSTORED = 2
MOST_EACH = 3
HANDLED = ("failed", "signal", "settings")
"""Reasons against a record that nobody needs to be told to mend."""


def from_causes(causes: Sequence[MissCause]) -> Iterator[Suggestion]:
    """Inputs that made the task run and gave the same each time; variables with many values."""
    same = [each for each in causes if each.same >= LEAST_SAME and each.same == each.compared]
    for cause in sorted(same, key=lambda each: -each.same_s)[:MOST_EACH]:
        yield _may_not_matter(cause)
    split = [
        each
        for each in causes
        if each.is_variable and each.values >= LEAST_VALUES and each not in same and each.alone
    ]
    for cause in split[:MOST_EACH]:
        yield _splits(cause)


def _may_not_matter(cause: MissCause) -> Suggestion:
    name = named(cause.subject)
    option = "ignore_env" if cause.is_variable else "ignore_input"
    return Suggestion(
        kind="volatile-input",
        title=f"{name} made it run {counted(cause.same, 'time')} for the same files",
        evidence=f"It was the only input that differed in {counted(cause.alone, 'run')}; each of "
        f"the {cause.compared} that can be compared gave the same files as the record before.",
        action=f"If it cannot matter, leave it out: {named(f'{option} = [{cause.subject!r}]')}. "
        "If it can, leave it: another change of it may give other files.",
        gain_s=cause.same_s,
        basis="measured",
        per_days=DAYS,
    )


def _splits(cause: MissCause) -> Suggestion:
    name = named(cause.subject)
    return Suggestion(
        kind="splitting-variable",
        title=f"Variable {name} splits the records",
        evidence=f"{counted(cause.values, 'value')} in {counted(cause.misses, 'miss', 'misses')}, "
        f"of which it was {counted(cause.alone, 'time')} the only reason.",
        action="Set it to one value, or leave it out: "
        f"{named(f'ignore_env = [{cause.subject!r}]')}.",
        gain_s=cause.alone_s,
        basis="bounded",
        per_days=DAYS,
    )


def from_unstored(found: Gathered) -> Iterator[Suggestion]:
    """Runs that went well and left no record: network, changing inputs, processes that live on."""
    run = found.run
    groups: dict[NotStored, list[RunFinished]] = defaultdict(list)
    for _, each in found.month:
        is_same = run is not None and each.task == run.task and word_of(each) == "step"
        if is_same and not each.exit_code and each.not_stored:
            groups[each.not_stored[0]].append(each)
    kept = [(reason, rows) for reason, rows in groups.items() if reason.kind not in HANDLED]
    for reason, rows in sorted(kept, key=lambda pair: -len(pair[1]))[:MOST_EACH]:
        if len(rows) < LEAST_UNSTORED:
            continue
        phrase = not_stored_phrase(reason)
        took_s = sum(each.duration_s for each in rows)
        yield Suggestion(
            kind="network" if reason.kind == "network" else "not-stored",
            title=f"Not recorded {counted(len(rows), 'time')}: {phrase.text}",
            evidence=f"These runs took {duration(took_s)}; none of them could answer another.",
            action=_REMEDIES.get(reason.kind, "`buildopt doctor` and docs/tracing.md say more."),
            gain_s=took_s - max(each.duration_s for each in rows),
            basis="bounded",
            per_days=DAYS,
        )


_REMEDIES = {
    "network": "Fetch before the build, or, where the answer is always the same: "
    '`network = "ignore"` or `allow_hosts` (docs/tracing.md).',
    "input-changed": "Let nothing else write there while it runs, or leave the file out with "
    "`ignore_input`.",
    "survivor": "Have the command wait for what it starts, or stop it at the end.",
    "stdin": "`--no-stdin` gives it an empty one.",
    "hazard": "Say which task comes first with `depends_on`.",
    "undeclared": "Name its inputs with `--input`, or use a machine where it can be watched.",
    "storage": "Make room for the cache, or choose another folder with `--cache-dir`.",
}  # fmt: skip


def from_verify(verified: Event | None) -> Iterator[Suggestion]:
    """Outputs that were not the same when `buildopt verify` ran the command twice."""
    if verified is None or verified.data.get("equal") or verified.data.get("refused"):
        return
    differences = verified.data.get("differences")
    rows = [row for row in differences if isinstance(row, Mapping)] if differences else []
    if not rows:
        return
    shown = ", ".join(_difference(row) for row in rows[:MOST_EACH])
    more = f", and {len(rows) - MOST_EACH:,} more" if len(rows) > MOST_EACH else ""
    yield Suggestion(
        kind="nondeterministic-output",
        title=f"{counted(len(rows), 'output')} came out differently from the same inputs",
        evidence=f"{named('buildopt verify')} found {shown}{more}.",
        action="What reads these runs again for nothing. The causes and their remedies: "
        "`buildopt verify -- COMMAND`.",
    )


def _difference(row: Mapping[str, Any]) -> str:  # Any: JSON
    cause = printable(str(row.get("cause") or row.get("kind") or "a difference"))
    return f"{named(printable(str(row.get('subject'))))} ({cause})"
