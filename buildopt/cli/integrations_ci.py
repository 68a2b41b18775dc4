"""`buildopt integrations ci`: runs in the form of a CI system."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

import click

from buildopt.cli.history import find_run, here
from buildopt.integrations.ci.view import JobView, job_of
from buildopt.report.write import read_view

FORMATS = {"summary": "buildopt.integrations.ci.summary"}
"""Form -> module with a `render` that makes text of a job."""

EPILOG = """\b
Examples:
  buildopt integrations ci summary >> "$GITHUB_STEP_SUMMARY"
"""


@click.command("ci", epilog=EPILOG)
@click.argument("form", type=click.Choice(tuple(FORMATS)), metavar="FORM")
@click.argument("runs", nargs=-1, metavar="[RUN…]")
def command(form: str, runs: tuple[str, ...]) -> None:
    """Print runs of this project as FORM: ids, beginnings of them, or `last` (the default)."""
    state, root = here()
    found = [find_run(state, root, run)[1] for run in runs or ("last",)]
    job = job_of(read_view(state, run.run_id) for run in found)
    click.echo(_rendered(form, job).encode("utf-8", "backslashreplace"), nl=False)


def _rendered(form: str, job: JobView) -> str:
    render = getattr(import_module(FORMATS[form]), "render")  # noqa: B009
    return cast("Callable[[JobView], str]", render)(job)
