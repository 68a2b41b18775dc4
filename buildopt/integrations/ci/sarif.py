"""Problems that have a place as SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from buildopt import __version__
from buildopt.integrations.ci.view import JobView, Level, Problem

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: dict[Level, str] = {"error": "error", "warning": "warning", "notice": "note"}
RESULTS = 5_000
"""GitHub shows no more of one run."""


def render(job: JobView) -> str:
    """A log of one run; problems without a place have none in SARIF and are left out."""
    placed = [problem for problem in job.problems if problem.file][:RESULTS]
    rules = sorted({problem.rule for problem in placed})
    driver = {
        "name": "buildopt",
        "version": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": _words(rule)}} for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, rules) for problem in placed],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _result(problem: Problem, rules: list[str]) -> dict[str, Any]:  # Any: JSON
    place = {"artifactLocation": {"uri": quote(problem.file)}}
    return {
        "ruleId": problem.rule,
        "ruleIndex": rules.index(problem.rule),
        "level": LEVELS[problem.level],
        "message": {"text": f"{problem.title}: {problem.message}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"buildopt/v1": _fingerprint(problem)},
    }


def _fingerprint(problem: Problem) -> str:
    """The same as long as kind, place and subject are, whatever the figures."""
    subject = problem.title.partition(": ")[0]
    text = "\0".join((problem.rule, problem.file, subject))
    return sha256(text.encode()).hexdigest()[:32]


def _words(rule: str) -> str:
    return rule.replace("-", " ").capitalize()
