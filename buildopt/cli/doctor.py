"""`buildopt doctor`: what works on this machine, and how to mend what does not."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from itertools import chain

import click

from buildopt import settings
from buildopt.cache import files
from buildopt.cache.layout import Layout
from buildopt.cli import tracing
from buildopt.cli.call import working_directory
from buildopt.cli.doctor_text import print_sections
from buildopt.doctor.check import worst
from buildopt.doctor.surroundings import look_around
from buildopt.doctor.verdicts import judge
from buildopt.errors import EXIT_FAILED, SettingsError
from buildopt.events import SCHEMA

EPILOG = """\b
Examples:
  buildopt doctor                what works here, and how to mend what does not
  buildopt doctor --json         the same as one object
"""


@click.command("doctor", epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
def command(as_json: bool) -> int:
    """Examine this machine: what works, what does not, and how to mend it.

    Nothing is changed: what is written to try a folder is taken away again. The exit status is 1
    where there is a problem, else 0.
    """
    around = look_around(
        working_directory(),
        os.environ,
        remembered=_remembered_refusal(os.environ),
        clock=time.time,
    )
    sections = judge(around)
    checks = tuple(chain.from_iterable(checks for _, checks in sections))
    status = worst(checks)
    if as_json:
        rows = [asdict(check) for check in checks]
        click.echo(json.dumps({"schema": SCHEMA, "status": status, "checks": rows}))
    else:
        print_sections(sections, around.terminal)
    return EXIT_FAILED if status == "problem" else 0


def _remembered_refusal(environ: Mapping[str, str]) -> tuple[str, str | None]:
    """The file in which `run` remembers whether it can watch, and what is remembered."""
    try:
        path = tracing.answer_path(Layout(os.path.abspath(settings.cache_folder(environ))))
        answer = files.read(path).decode("utf-8", "replace")
    except (SettingsError, OSError):
        return "", None
    return path, "" if answer == tracing.YES else answer
