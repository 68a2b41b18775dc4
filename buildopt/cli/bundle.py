"""`buildopt bundle`: what a build's output is made of, why, and what changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import click

from buildopt import settings
from buildopt.cli.bundle_asked import (
    DEFAULT_ENCODINGS,
    Asked,
    analysis_of,
    document_of,
    usual_path,
)
from buildopt.cli.directory import working_directory
from buildopt.errors import EXIT_FAILED, EXIT_NO_HISTORY, UsageError

if TYPE_CHECKING:
    from buildopt.bundle.budgets import Budget, CheckResult
    from buildopt.bundle.compare import Comparison
    from buildopt.bundle.compare_archives import ArchiveComparison
    from buildopt.bundle.model import Analysis, BundleAnalysis
    from buildopt.bundle.reason import Answer
    from buildopt.bundle.summary import BundleSummary

    Told = Analysis | Comparison | ArchiveComparison | Answer | CheckResult

Form = Literal["text", "markdown", "json"]

EPILOG = """\b
Examples:
  buildopt bundle                          what is in dist/ (or build/, out/ …)
  buildopt bundle dist/app-1.0-py3-none-any.whl
  buildopt bundle --json > before.json
  buildopt bundle --html bundle.html       a page with a treemap, in one file
  buildopt bundle diff                     against the last build that was otherwise
  buildopt bundle diff before.json dist    what changed, and because of what
  buildopt bundle diff before.json dist --markdown >> "$GITHUB_STEP_SUMMARY"
  buildopt bundle why lodash               which import brings it
  buildopt bundle check                    budgets of the settings
  buildopt bundle check --budget 'initial.brotli<=150kB' --budget 'duplicates<=0'

A folder that bears the name of a command is written `./diff`.
"""


class _ShowByDefault(click.Group):
    """A group whose first word may be left out: it is `show` then."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` in front of arguments that begin with no command."""
        names_one = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if names_one else ["show", *args])


_quick = click.option(
    "--quick", is_flag=True, help="Brotli at a lower level: an estimate, for watching."
)
_encoding = click.option(
    "--encoding",
    "encodings",
    type=click.Choice(DEFAULT_ENCODINGS),
    multiple=True,
    help="Measure only this one; repeatable.  [default: all]",
)
_markdown = click.option(
    "--markdown", "as_markdown", is_flag=True, help="Short Markdown, for a pull request."
)
_html = click.option("--html", metavar="FILE", help="Write a page with a treemap.")
_json = click.option("--json", "as_json", is_flag=True, help="One object, for machines.")


@click.group("bundle", cls=_ShowByDefault, epilog=EPILOG)
def command() -> None:
    """Say what a build's output is made of: files, packages, duplicates, and what to mend."""


@command.command("show")
@click.argument("path", default="", metavar="[PATH]")
@_quick
@_encoding
@click.option("--last", is_flag=True, help="As the last run was analysed; nothing is measured.")
@click.option("--savings", is_flag=True, help="Measure what leaving out each package would save.")
@_html
@_markdown
@_json
def show(
    path: str,
    quick: bool,
    encodings: tuple[str, ...],
    last: bool,
    savings: bool,
    html: str | None,
    as_markdown: bool,
    as_json: bool,
) -> None:
    """Analyse PATH: an output folder, a project with one, a wheel, an sdist, a zip or tar."""
    asked = Asked(path or usual_path(), encodings or DEFAULT_ENCODINGS, quick, savings)
    form = _form(as_markdown, as_json)
    if last:
        from buildopt.cli.bundle_last import last_of_run

        _give(last_of_run(), form)
        return
    if html:
        from buildopt.cli.bundle_html import write_analysis  # with the template engine

        write_analysis(analysis_of(asked), html, tells_on_stderr=form != "text")
    if form == "json":
        click.echo(document_of(asked), nl=False)
    elif form == "markdown" or not html:
        _give(analysis_of(asked), form)


@command.command("diff")
@click.argument("before", default="", metavar="[A")
@click.argument("after", default="", metavar="[B]]")
@_quick
@_encoding
@_html
@_markdown
@_json
def diff(
    before: str,
    after: str,
    quick: bool,
    encodings: tuple[str, ...],
    html: str | None,
    as_markdown: bool,
    as_json: bool,
) -> None:
    """Compare two builds: folders, archives, or documents that `--json` wrote.

    B is what is there now, unless it is given; A the last analysed build that was otherwise.
    """
    from buildopt.bundle.compare import compare
    from buildopt.cli.bundle_sides import bundle_side, is_archive, side_of

    asked = Asked("", encodings or DEFAULT_ENCODINGS, quick)
    form = _form(as_markdown, as_json)
    now_path = after or usual_path()
    now_side = side_of(asked._replace(path=now_path))
    if is_archive(now_side):
        from buildopt.cli.bundle_archives import compared

        _give(
            compared(asked._replace(path=before), (now_path, now_side), has_page=bool(html)), form
        )
        return
    now = bundle_side(now_path, now_side)
    if before:
        sides = (bundle_side(before, side_of(asked._replace(path=before))), now)
        found = compare(*sides)
    else:
        from buildopt.cli.bundle_last import compared_with_history

        sides, found = compared_with_history(now)
    if html:
        from buildopt.cli.bundle_html import write_comparison

        write_comparison(sides, found, html, tells_on_stderr=form != "text")
    if form != "text" or not html:
        _give(found, form)


@command.command("why")
@click.argument("name")
@click.argument("path", default="", metavar="[PATH]")
@_json
def why(name: str, path: str, as_json: bool) -> None:
    """Show the imports that lead to NAME: a package, or the end of a module's name."""
    from buildopt.bundle.reason import why_is_it_there

    _give(why_is_it_there(name, path or usual_path()), "json" if as_json else "text")


@command.command("check")
@click.argument("path", default="", metavar="[PATH]")
@click.option(
    "--budget", "budgets", multiple=True, metavar="WHAT<=LIMIT", help="A limit; repeatable."
)
@click.option(
    "--against",
    metavar="PATH",
    help="An earlier folder or document, for `+5%`.  [default: the last build that was otherwise]",
)
@click.option("--require-history", is_flag=True, help="Exit 3 where a limit lacks earlier builds.")
@_json
def check(
    path: str,
    budgets: tuple[str, ...],
    against: str | None,
    require_history: bool,
    as_json: bool,
) -> int:
    """Hold PATH to its budgets, of the settings or given here; exit 1 where one is exceeded."""
    budgets = budgets or settings.load(working_directory(), os.environ).bundle_budgets
    if not budgets:
        raise UsageError(
            "there is no budget to check",
            hint="give one with --budget 'total.gzip<=300kB', or `bundle_budgets` in the settings",
            slug="budget",
        )
    from buildopt.bundle.budgets import CheckResult, judge, parse_budget
    from buildopt.cli.bundle_sides import bundle_side, is_archive, side_of

    limits = [parse_budget(text) for text in budgets]
    path = path or usual_path()
    side = side_of(Asked(path))
    if is_archive(side):
        from buildopt.cli.bundle_archives import judged

        verdicts = judged(limits, side, against)
    else:
        analysis = bundle_side(path, side)
        earlier, history = _earlier(limits, analysis, against)
        verdicts = tuple(
            verdict for limit in limits for verdict in judge(limit, analysis, earlier, history)
        )
    is_kept = all(verdict.is_kept for verdict in verdicts)
    result = CheckResult(passed=is_kept, budgets=verdicts)
    _give(result, "json" if as_json else "text")
    if is_kept and require_history and result.lacks_history:
        return EXIT_NO_HISTORY
    return 0 if is_kept else EXIT_FAILED


def _earlier(
    limits: list[Budget], analysis: BundleAnalysis, against: str | None
) -> tuple[BundleAnalysis | None, tuple[BundleSummary, ...]]:
    """What budgets compare with, as far as one of them does."""
    from buildopt.cli import bundle_history
    from buildopt.cli.bundle_sides import bundle_side, side_of

    earlier = bundle_side(against, side_of(Asked(against))) if against else None
    if earlier is None and any(limit.is_relative and not limit.is_trend for limit in limits):
        found = bundle_history.build_before(analysis)
        earlier = found[0] if found else None
    has_trend = any(limit.is_trend for limit in limits)
    return earlier, bundle_history.summaries(analysis) if has_trend else ()


def _form(as_markdown: bool, as_json: bool) -> Form:
    if as_markdown and as_json:
        raise UsageError(
            "cannot print both JSON and Markdown", hint="give one of the two", slug="usage"
        )
    return "markdown" if as_markdown else "json" if as_json else "text"


def _give(found: Told, form: Form) -> None:
    """Print it; JSON and Markdown are UTF-8 whatever the locale, a file is where they end."""
    from buildopt.bundle.budgets import CheckResult
    from buildopt.bundle.reason import Answer

    if form == "json":
        from buildopt.bundle.document import encode

        click.echo(encode(found), nl=False)
    elif form == "markdown" and not isinstance(found, (Answer, CheckResult)):
        from buildopt.cli.bundle_markdown import markdown_of

        click.echo(markdown_of(found).encode("utf-8", "backslashreplace"), nl=False)
    else:
        _print(found)


def _print(found: Told) -> None:
    from buildopt.bundle.budgets import CheckResult
    from buildopt.bundle.compare import Comparison
    from buildopt.bundle.compare_archives import ArchiveComparison
    from buildopt.bundle.reason import Answer
    from buildopt.cli import bundle_text as text  # with rich, which the other forms do without

    if isinstance(found, ArchiveComparison):
        text.print_archive_comparison(found)
    elif isinstance(found, Comparison):
        text.print_comparison(found)
    elif isinstance(found, Answer):
        text.print_answer(found)
    elif isinstance(found, CheckResult):
        text.print_verdicts(found.budgets)
    else:
        text.print_analysis(found)
