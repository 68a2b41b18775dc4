"""A job as JUnit XML: each run and each part of one is a test case, each error a failed one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from buildopt.integrations.ci.view import JobView, Problem, duration_s, time_saved_s
from buildopt.quantities import duration
from buildopt.report.steps import Step
from buildopt.report.view import RunView

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def render(job: JobView) -> str:
    """One suite for each run, and one for what else is wrong."""
    top = ElementTree.Element("testsuites", name="buildopt")
    for run in job.runs:
        _suite(top, run.task, [_of_run(run), *_of_parts(run)])
    wrong = [_of_problem(p) for p in job.problems if p.level == "error" and p.rule != "run-failed"]
    if wrong:
        _suite(top, "checks", wrong)
    ElementTree.indent(top)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(top, "unicode")}\n'


def _suite(top: ElementTree.Element, name: str, cases: list[ElementTree.Element]) -> None:
    suite = ElementTree.SubElement(
        top,
        "testsuite",
        name=_text(name),
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors="0",
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=cases[0].get("time", "0"),
    )
    suite.extend(cases)


def _of_run(run: RunView) -> ElementTree.Element:
    case = _case("buildopt", run.task, duration_s(run))
    if run.state == "failed":
        _add(case, "failure", run.verdict, run.answer.text)
    saved = f", saved {duration(time_saved_s(run))}" if time_saved_s(run) > 0 else ""
    _add(case, "system-out", "", f"{run.state}{saved}. {run.answer.text}")
    return case


def _of_parts(run: RunView) -> Iterator[ElementTree.Element]:
    for row in run.steps.rows:
        yield _of_part(run, row)
    for name in run.steps.not_run:
        case = _case(f"buildopt.{run.task}", name, 0.0)
        _add(case, "skipped", "not run, because another one failed", "")
        yield case


def _of_part(run: RunView, row: Step) -> ElementTree.Element:
    case = _case(f"buildopt.{run.task}", row.name, row.duration_s)
    if row.state == "failed":
        _add(case, "failure", "failed", row.why.text)
    _add(case, "system-out", "", f"{row.state}. {row.why.text}".rstrip(". "))
    return case


def _of_problem(problem: Problem) -> ElementTree.Element:
    case = _case(f"buildopt.{problem.rule}", problem.title, 0.0)
    _add(case, "failure", problem.title, problem.message)
    return case


def _case(classname: str, name: str, time_s: float) -> ElementTree.Element:
    names = {"classname": _text(classname), "name": _text(name)}
    return ElementTree.Element("testcase", names | {"time": f"{time_s:.3f}"})


def _add(case: ElementTree.Element, kind: str, message: str, text: str) -> None:
    attributes = {"message": _text(message)} if message else {}
    ElementTree.SubElement(case, kind, attributes).text = _text(text)


def _text(words: str) -> str:
    return _NO_XML.sub("\ufffd", words)
