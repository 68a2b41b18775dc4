"""A job as Markdown: for the summary of a GitHub job, a Buildkite annotation, an Azure page."""

from __future__ import annotations

from collections.abc import Iterator

from buildopt.integrations.ci.view import JobView, Problem
from buildopt.report.gfm import code, sentence, within
from buildopt.report.markdown import markdown_of

LIMIT_BYTES = 200_000
"""A fifth of what GitHub shows of one step (1 MiB); the whole story is in the HTML report."""
PROBLEMS = 50
"""Problems listed; the rest are counted."""
MARKS = {"error": "✕", "warning": "▲", "notice": "●"}


def render(job: JobView) -> str:
    """The problems, then each run; cut where it would be too long, which is said."""
    return within(_lines(job), LIMIT_BYTES, "The rest did not fit; the HTML report has all.")


def problem_lines(problems: tuple[Problem, ...]) -> Iterator[str]:
    """A list of problems after an empty line; nothing for none."""
    if not problems:
        return
    yield ""
    for problem in problems[:PROBLEMS]:
        where = f" ({code(problem.file)})" if problem.file else ""
        yield (
            f"- {MARKS[problem.level]} {problem.level}: "
            f"{sentence(problem.title)}: {sentence(problem.message)}{where}"
        )
    if more := len(problems[PROBLEMS:]):
        yield f"- and {more:,} more"


def _lines(job: JobView) -> Iterator[str]:
    yield "# buildopt"
    if not job.runs:
        yield ""
        yield "No run of this project is recorded."
    yield from problem_lines(job.problems)
    for run in job.runs:
        yield ""
        yield from markdown_of(run).splitlines()
