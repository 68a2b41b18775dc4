"""Problems as annotations of GitHub's workflow commands, and why each run ran in a folded group.

The runner takes for a command what begins, spaces aside, with `::`, or has `##[` anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from buildopt.integrations.ci.view import LEVELS, JobView, Problem
from buildopt.phrases import printable

SHOWN = 10
"""GitHub shows as many of each level from one step."""


def render(job: JobView) -> str:
    """The worst first; what would not be shown is counted by the last notice."""
    return "".join(f"{line}\n" for line in (*_annotations(job), *_group(job)))


def _annotations(job: JobView) -> Iterator[str]:
    left_out = 0
    for level in LEVELS:
        found = [problem for problem in job.problems if problem.level == level]
        room = SHOWN - 1 if level == "notice" else SHOWN
        yield from (_annotation(problem) for problem in found[:room])
        left_out += len(found[room:])
    if left_out:
        yield f"::notice title=buildopt::and {left_out} more, in the summary of the job"


def _annotation(problem: Problem) -> str:
    names = {"file": problem.file, "title": f"buildopt: {problem.title}"}
    properties = ",".join(f"{name}={_property(text)}" for name, text in names.items() if text)
    return f"::{problem.level} {properties}::{_data(problem.message)}"


def _group(job: JobView) -> Iterator[str]:
    if not job.runs:
        return
    yield "::group::buildopt: what ran, and why"
    for run in job.runs:
        yield _plain(f"- {run.task}: {run.verdict}. {run.answer.text} {run.kept.text}")
        for reason in run.reasons:
            yield _plain(f"  - {reason.sentence.text}")
        for row in run.steps.rows:
            yield _plain(f"  - {row.name}: {row.state}. {row.why.text}".rstrip(". "))
    yield "::endgroup::"


def _plain(line: str) -> str:
    """A line that is no command."""
    return printable(line).replace("##[", "## [")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
