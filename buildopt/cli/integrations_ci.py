"""`buildopt integrations ci`: runs in the form of a CI system."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator

import click

from buildopt.cache import files
from buildopt.cli.history import find_run, finished_runs, here
from buildopt.cli.moments import Moment, moment_ns
from buildopt.cli.words import tell
from buildopt.errors import BuildoptError, UsageError
from buildopt.events import RunFinished
from buildopt.integrations.ci.delivery import Delivery, deliveries
from buildopt.integrations.ci.forms import FORMS, rendered
from buildopt.integrations.ci.problems import problems_of
from buildopt.integrations.ci.view import JobView, Problem, job_of
from buildopt.report.write import read_view

AUTO = "auto"
JOB_BEGAN = "CI_JOB_STARTED_AT"
"""GitLab tells so when the job began: all runs since then are the job's."""
EPILOG = """\b
Forms:
""" + "".join(f"  {name:<12} {line}\n" for name, line in FORMS.items()) + """
\b
Examples:
  buildopt integrations ci                     what the CI system around it wants
  buildopt integrations ci summary >> "$GITHUB_STEP_SUMMARY"
  buildopt integrations ci junit --since 1h > junit.xml
  buildopt check --json > check.json; buildopt integrations ci --found check.json
"""  # fmt: skip


@click.command("ci", epilog=EPILOG)
@click.argument("form", type=click.Choice((AUTO, *FORMS)), default=AUTO, metavar="[FORM]")
@click.argument("runs", nargs=-1, metavar="[RUN…]")
@click.option("--since", "since_ns", type=Moment(), metavar="TIME", help="All runs from then on.")
@click.option(
    "--found",
    multiple=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Also what `check`, `bundle check` or `bundle` wrote there with --json; repeatable.",
)
@click.option("--name", default="", help="Tells the jobs of one pull request apart in `comment`.")
def command(
    form: str, runs: tuple[str, ...], since_ns: int | None, found: tuple[str, ...], name: str
) -> None:
    """Print runs of this project as FORM: ids, beginnings of them, or `last` (the default).

    Without FORM the CI system is recognised and given what it shows: files that it names, lines on
    stdout, or files in this folder, which are named. Nothing is sent anywhere.
    """
    state, root = here()
    try:
        chosen = _chosen(state, root, runs, _since(form, runs, since_ns))
    except UsageError as error:
        if form != AUTO or error.slug != "no-runs":
            raise
        chosen = []  # the build never began: no reason to fail once more
    views = [read_view(state, run.run_id) for run in chosen]
    job = job_of(views, _problems(found, root), name=name)
    if form != AUTO:
        click.echo(rendered(form, job), nl=False)
        return
    for delivery in deliveries(os.environ, os.getcwd()):
        _deliver(delivery, job)


def _since(form: str, runs: tuple[str, ...], since_ns: int | None) -> int | None:
    began = os.environ.get(JOB_BEGAN, "")
    if since_ns is None and form == AUTO and not runs and began:
        return moment_ns(began, 0)
    return since_ns


def _chosen(
    state: bytes, root: str, runs: tuple[str, ...], since_ns: int | None
) -> list[RunFinished]:
    if since_ns is None:
        return [find_run(state, root, run)[1] for run in runs or ("last",)]
    if runs:
        raise UsageError("cannot take RUN and --since", hint="give one of the two", slug="usage")
    found = []
    for event, run in finished_runs(state, root):
        if event.time_ns < since_ns:
            break
        found.append(run)
    return found


def _problems(paths: Iterable[str], root: str) -> Iterator[Problem]:
    """What the documents say, places as seen from the top of the repository."""
    prefix = _below_repository(root)
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                found = list(problems_of(json.load(file)))
        except OSError as error:
            raise _unreadable(path, error.strerror or "it cannot be read") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _unreadable(path, "no document of `check` or `bundle`") from error
        for problem in found:
            place = os.path.normpath(os.path.join(prefix, problem.file)) if problem.file else ""
            yield Problem(
                level=problem.level,
                rule=problem.rule,
                title=problem.title,
                message=problem.message,
                file="" if place.startswith((os.pardir, os.sep)) else place,
            )


def _below_repository(root: str) -> str:
    """The project's folder as seen from the top of the repository."""
    top = root
    while not os.path.exists(os.path.join(top, ".git")):
        top, below = os.path.dirname(top), top
        if top == below:
            return ""
    return os.path.relpath(root, top)


def _unreadable(path: str, why: str) -> UsageError:
    return UsageError(
        f"cannot read `{path}`: {why}",
        hint="give a file that `buildopt check`, `bundle check` or `bundle` wrote with --json",
        slug="no-findings",
    )


def _deliver(delivery: Delivery, job: JobView) -> None:
    text = rendered(delivery.form, job)
    if not delivery.file:
        click.echo(text, nl=False)
        return
    try:
        if delivery.appends:
            with open(delivery.file, "ab") as file:
                file.write(text)
        else:
            files.put(delivery.file, text)
    except OSError as error:
        raise BuildoptError(
            f"cannot write `{delivery.file}`: {error.strerror}",
            hint="run it in a folder that can be written, or print one form to stdout",
            slug="report-not-written",
        ) from error
    if delivery.announced:
        click.echo(delivery.announced, nl=False)
    elif not delivery.appends:
        tell(f"buildopt: wrote {os.path.relpath(delivery.file)}")
