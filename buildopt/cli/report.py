"""`buildopt report`: one page about a run, two of them, or all of a time."""

from __future__ import annotations

import os
import time

import click

from buildopt.cli import report_forms
from buildopt.cli.history import here
from buildopt.cli.identity import project_identity
from buildopt.cli.moments import Moment
from buildopt.cli.report_forms import Forms, Place
from buildopt.errors import BuildoptError, UsageError
from buildopt.report.write import DEFAULT_NAME, write_page

EPILOG = """\b
Examples:
  buildopt report                        buildopt-report.html about the last run here
  buildopt report last --html out.html   the same under another name
  buildopt report 0198c2 --open          about a run by the beginning of its id
  buildopt report --compare 0198c2       what became of that run in the last one
  buildopt report --trace build.json     its processes, for https://ui.perfetto.dev
  buildopt report --since 7d             all runs of a week
  buildopt report --markdown >> "$GITHUB_STEP_SUMMARY"
  buildopt report --json                 one object, for machines
"""


@click.command("report", epilog=EPILOG)
@click.argument("run", default="", metavar="[RUN]")
@click.option("--html", metavar="FILE", help=f"Where the page goes.  [default: {DEFAULT_NAME}]")
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.option("--json", "as_json", is_flag=True, help="Print one object instead.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print short Markdown instead.")
@click.option("--compare", metavar="RUN", help="What became of that run in this one.")
@click.option("--trace", metavar="FILE", help="Write its processes as Chrome trace JSON instead.")
@click.option("--since", type=Moment(), metavar="T", help="All runs since then instead: `7d`.")
def command(
    run: str,
    html: str | None,
    opens: bool,
    as_json: bool,
    as_markdown: bool,
    compare: str | None,
    trace: str | None,
    since: int | None,
) -> None:
    """Write one HTML file about RUN: an id, the beginning of one, or `last` (the default).

    The file needs nothing else and nothing in it leaves the machine. With --html or --open it
    is written beside what --json, --markdown or --trace give.
    """
    _refuse_both(("--json", as_json), ("--markdown", as_markdown))
    _refuse_both(("--since", since is not None), ("a run", bool(run)))
    _refuse_both(("--since", since is not None), ("--compare", bool(compare)))
    _refuse_both(("--trace", bool(trace)), ("--since", since is not None))
    _refuse_both(("--trace", bool(trace)), ("--compare", bool(compare)))
    forms = _forms(run or "last", compare, since)
    prints = as_json or as_markdown
    if trace and forms.trace:
        click.echo(f"trace in {click.format_filename(_write(forms.trace(), trace))}", err=prints)
    if html or opens or not (prints or trace):
        path = _write(forms.page(), html or "")
        click.echo(f"report in {click.format_filename(path)}", err=prints)
        if opens:
            click.launch(path)
    if prints:
        click.echo(forms.printed(as_json=as_json), nl=False)


def _forms(run: str, compare: str | None, since: int | None) -> Forms:
    place = Place(*here())
    if since is not None:
        name = project_identity(place.root)
        return report_forms.of_time(place, (since, time.time_ns()), name)
    if compare:
        return report_forms.of_two(place, compare, run)
    return report_forms.of_run(place, run)


def _refuse_both(*options: tuple[str, bool]) -> None:
    given = [name for name, is_given in options if is_given]
    if len(given) > 1:
        raise UsageError(
            f"cannot take {given[0]} and {given[1]} together",
            hint="give one of the two",
            slug="usage",
        )


def _write(content: bytes, path: str) -> str:
    try:
        return write_page(content, path)
    except OSError as error:
        shown = os.path.abspath(path or DEFAULT_NAME)
        raise BuildoptError(
            f"cannot write the report `{shown}`: {error.strerror}",
            hint="give a file in a folder that can be written with --html",
            slug="report-not-written",
        ) from error
