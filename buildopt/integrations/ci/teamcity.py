"""A job as service messages of TeamCity: figures that it charts, problems in its log."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buildopt.integrations.ci.view import JobView, duration_s, time_saved_s

STATUS = {"error": "ERROR", "warning": "WARNING", "notice": "NORMAL"}
_ESCAPES = {"|": "||", "'": "|'", "\n": "|n", "\r": "|r", "[": "|[", "]": "|]"}


def render(job: JobView) -> str:
    """A line for each problem and each figure; times in milliseconds."""
    return "".join(f"{line}\n" for line in _lines(job))


def _lines(job: JobView) -> Iterator[str]:
    for problem in job.problems:
        words = _text(f"buildopt: {problem.title}: {problem.message}")
        yield f"##teamcity[message text='{words}' status='{STATUS[problem.level]}']"
    for run in job.runs:
        figures = {
            "duration": round(duration_s(run) * 1000),
            "timeSaved": round(time_saved_s(run) * 1000),
            "outputBytes": run.outputs.bytes,
        }
        for name, value in figures.items():
            key = _text(f"buildopt.{name}.{run.task}")
            yield f"##teamcity[buildStatisticValue key='{key}' value='{value}']"


def _text(words: str) -> str:
    escaped = re.sub(r"[|'\n\r\[\]]", lambda found: _ESCAPES[found[0]], words)
    return re.sub(r"[^\x20-\x7e]", lambda found: _code(found[0]), escaped)


def _code(letter: str) -> str:
    """`|0xHHHH`, a unit of UTF-16 each."""
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"|0x{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
