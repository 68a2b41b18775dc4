"""`buildopt tests`: results that other tools left as JUnit XML."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from buildopt.errors import UsageError
from buildopt.events import SCHEMA
from buildopt.monitor.hookspecs import Caller, counted, fact
from monitor_plugins.testing import junit
from monitor_plugins.testing.sessions import ACCEPTED, FAILED, FINISHED, RESULTS, Result

EPILOG = """\b
Examples:
  buildopt tests import-junit reports/junit.xml
  buildopt tests import-junit --commit "$GIT_COMMIT" target/surefire-reports/*.xml
  buildopt tests accept 1f00ba12     a flaky test was mended, or is known: close its finding
"""
COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "CIRCLE_SHA1", "GIT_COMMIT", "BUILDKITE_COMMIT",
           "BUILD_SOURCEVERSION")  # fmt: skip
"""Where CI systems say what they have checked out."""
PART_BYTES = 40_000
_json = click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
OUTCOMES = {"p": "passed", "f": "failed", "e": "error", "s": "skipped"}


@click.group("tests", epilog=EPILOG)
def command() -> None:
    """Follow tests: which fail, which are slow, which are flaky."""


@command.command("import-junit")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--suite", default="", metavar="NAME", help="What tells these from other tests here.")
@click.option("--commit", default="", metavar="ID", help="What was tested; else as the CI says.")
@_json
@click.pass_obj
def import_junit(
    caller: Caller, *, files: tuple[Path, ...], suite: str, commit: str, as_json: bool
) -> None:
    """Take in results of tests from JUnit XML, all FILES as one session."""
    tests = [test for path in files for test in _read(path)]
    commit = commit or next(filter(None, map(os.environ.get, COMMITS)), "")
    about = {"session": uuid.uuid4().hex, "root": suite}
    for part in _parts(tests):
        _emit(caller, RESULTS, {**about, "tests": {"": part}})
    failed = sum(test.letter in FAILED for test in tests)
    session = {
        **about,
        "framework": "junit",
        "project": caller.project,
        "exit_code": int(failed > 0),
        "duration_s": round(sum(test.duration_s for test in tests), 3),
        "counts": Counter(OUTCOMES[test.letter] for test in tests),
        "rerun": sum(test.was_rerun for test in tests),
        **({"commit": commit} if commit else {}),
    }
    _emit(caller, FINISHED, session)
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, **session}))
        return
    click.echo(f"took in {counted(len(tests), 'test')}, of which {failed} failed")


@command.command("accept")
@click.argument("finding")
@_json
@click.pass_obj
def accept(caller: Caller, *, finding: str, as_json: bool) -> None:
    """Close FINDING, a flaky test, until it happens again."""
    caller.catch_up("testing")
    rows = caller.read("testing", "SELECT data FROM flaky WHERE substr(id, 1, 8) = ?", (finding,))
    if not rows:
        raise UsageError(
            f"no finding `{finding}` of a test is open",
            hint="the dashboard's page `Findings` has the ids",
            slug="no-open-finding",
        )
    name = json.loads(rows[0][0])["name"]
    _emit(caller, ACCEPTED, {"finding": finding})
    caller.catch_up("testing")
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "accepted": [finding], "names": [name]}))
        return
    click.echo(f"accepted: {name}")


def _read(path: Path) -> Sequence[Result]:
    try:
        return junit.read(path)
    except (OSError, junit.NotJUnit) as error:
        raise UsageError(
            f"cannot read `{path}` as JUnit XML: {error}",
            hint="name files as `pytest --junit-xml FILE` writes them",
            slug="junit-file",
        ) from error


def _parts(tests: Sequence[Result]) -> Iterator[list[list[Any]]]:  # Any: as in sessions.py
    """Rows in as many parts as events have to be."""
    part: list[list[Any]] = []
    size = 0
    for test in tests:
        row = [test.name, test.letter, round(test.duration_s, 4), *("f" * test.was_rerun)]
        size += 4 + len(json.dumps(row))
        if size > PART_BYTES and part:
            yield part
            part, size = [], 4 + len(json.dumps(row))
        part.append(row)
    if part:
        yield part


def _emit(caller: Caller, kind: str, data: Mapping[str, Any]) -> None:  # Any: JSON
    caller.emit(fact(kind, data, time_ns=time.time_ns()))
