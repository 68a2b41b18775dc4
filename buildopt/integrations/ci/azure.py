"""Problems as logging commands of Azure Pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from buildopt.integrations.ci.view import JobView

_DATA = (("%", "%AZP25"), ("\r", "%0D"), ("\n", "%0A"))
_PROPERTY = (*_DATA, (";", "%3B"), ("]", "%5D"))


def render(job: JobView) -> str:
    """A line for each problem; Azure knows errors and warnings only."""
    return "".join(f"{line}\n" for line in _lines(job))


def upload(path: str) -> str:
    """The line that has Azure show a Markdown file as the summary of the build."""
    return f"##vso[task.uploadsummary]{_escaped(path, _DATA)}\n"


def _lines(job: JobView) -> Iterator[str]:
    for problem in job.problems:
        if problem.level == "notice":
            continue
        place = f"sourcepath={_escaped(problem.file, _PROPERTY)};" if problem.file else ""
        words = _escaped(f"buildopt: {problem.title}: {problem.message}", _DATA)
        yield f"##vso[task.logissue type={problem.level};{place}]{words}"


def _escaped(words: str, escapes: Iterable[tuple[str, str]]) -> str:
    for letter, escape in escapes:
        words = words.replace(letter, escape)
    return words
