"""`buildopt report`: one page about a run."""

from __future__ import annotations

import json
import os

import click

from buildopt.cli.history import find_run, here
from buildopt.errors import BuildoptError, UsageError
from buildopt.report.view import RunView, data_of_view
from buildopt.report.write import DEFAULT_NAME, read_view, write_view

EPILOG = """\b
Examples:
  buildopt report                        buildopt-report.html about the last run here
  buildopt report last --html out.html   the same under another name
  buildopt report 0198c2 --open          about a run by the beginning of its id
  buildopt report --markdown >> "$GITHUB_STEP_SUMMARY"
  buildopt report --json                 one object, for machines
"""


@click.command("report", epilog=EPILOG)
@click.argument("run", default="last", metavar="[RUN]")
@click.option("--html", metavar="FILE", help=f"Where the page goes.  [default: {DEFAULT_NAME}]")
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.option("--json", "as_json", is_flag=True, help="Print one object instead.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print short Markdown instead.")
def command(
    run: str,
    html: str | None,
    opens: bool,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Write one HTML file about RUN: an id, the beginning of one, or `last` (the default).

    The file needs nothing else and nothing in it leaves the machine. With --html or --open it
    is written beside what --json or --markdown print.
    """
    if as_json and as_markdown:
        raise UsageError(
            "cannot print both JSON and Markdown", hint="give one of the two", slug="usage"
        )
    state, root = here()
    _, found = find_run(state, root, run)
    view = read_view(state, found.run_id)
    prints = as_json or as_markdown
    if html or opens or not prints:
        path = _write(view, html or "")
        click.echo(f"report in {click.format_filename(path)}", err=prints)
        if opens:
            click.launch(path)
    if prints:
        click.echo(_printed(view, as_json=as_json), nl=False)


def _printed(view: RunView, *, as_json: bool) -> bytes:
    """What goes to stdout, UTF-8 whatever the locale, since a file is where it ends."""
    if as_json:
        return json.dumps(data_of_view(view)).encode("ascii") + b"\n"
    from buildopt.report.markdown import markdown_of

    return markdown_of(view).encode("utf-8", "backslashreplace")


def _write(view: RunView, path: str) -> str:
    try:
        return write_view(view, path)
    except OSError as error:
        shown = os.path.abspath(path or DEFAULT_NAME)
        raise BuildoptError(
            f"cannot write the report `{shown}`: {error.strerror}",
            hint="give a file in a folder that can be written with --html",
            slug="report-not-written",
        ) from error
