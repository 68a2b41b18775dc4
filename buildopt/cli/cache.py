"""`buildopt cache`: what is stored, whether it is whole, and how to be rid of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping

import click

from buildopt import settings, terminal_line
from buildopt.cache import inventory
from buildopt.cache.eviction import DAY_S, Limits
from buildopt.cache.layout import Layout
from buildopt.cache.survey import take_stock
from buildopt.cache.sweep import evicted, sweep_now
from buildopt.cli.call import open_journal, working_directory
from buildopt.cli.size_option import require_size
from buildopt.errors import UsageError
from buildopt.events import SCHEMA
from buildopt.progress import Progress
from buildopt.quantities import counted as in_words
from buildopt.quantities import parse_size, share, size

EPILOG = """\b
Examples:
  buildopt cache stats           how much is stored, of how many tasks
  buildopt cache list            the tasks of all projects
  buildopt cache verify          digest everything; drop what is damaged
  buildopt cache prune --limit 2GB --dry-run
"""


@click.group("cache", epilog=EPILOG)
@click.option("--cache-dir", metavar="DIR", help="Where the cache is.")
@click.pass_context
def command(context: click.Context, cache_dir: str | None) -> None:
    """Look at the cache, check it, clear it."""
    context.obj = Layout(os.path.abspath(cache_dir or settings.cache_folder(os.environ)))


@command.command("path")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_obj
def path(layout: Layout, as_json: bool) -> None:
    """Print the cache folder."""
    click.echo(json.dumps({"schema": SCHEMA, "path": layout.top}) if as_json else layout.top)


@command.command("stats")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_obj
def stats(layout: Layout, as_json: bool) -> None:
    """How much is stored, and of how many tasks."""
    counted = inventory.count(layout)
    chosen = settings.load(working_directory(), os.environ)
    oldest_s = min((record.used_s for record in take_stock(layout).records), default=None)
    if as_json:
        limits = {
            "limit_bytes": chosen.cache_limit_bytes,
            "max_age_days": chosen.cache_max_age_days,
            "oldest_use_s": oldest_s,
        }
        click.echo(json.dumps({"schema": SCHEMA, **counted, **limits}))
        return
    click.echo(f"cache      {layout.top}")
    click.echo(f"tasks      {counted['tasks']}")
    click.echo(f"records    {counted['records']}")
    click.echo(f"artifacts  {counted['artifacts']}, {size(counted['artifact_bytes'])} on disk")
    share_used = share(counted["bytes"] / chosen.cache_limit_bytes)
    click.echo(f"in all     {size(counted['bytes'])}, {share_used} of {chosen.cache_limit}")
    if oldest_s is not None:
        unused = in_words(int((time.time() - oldest_s) / DAY_S), "day")
        click.echo(f"oldest     used {unused} ago; goes after {chosen.cache_max_age_days} days")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_obj
def list_(layout: Layout, as_json: bool) -> None:
    """The recorded tasks, the last used first."""
    tasks = [task for task in inventory.tasks(layout) if task["records"]]
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "tasks": tasks}))
        return
    for task in tasks:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(task["used_s"]))
        click.echo(f"{task['key'][:12]}  {used}  {task['records']:>2} records  {task['name']}")


@command.command("show")
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_obj
def show(layout: Layout, key: str, as_json: bool) -> None:
    """The records of one task: KEY is the beginning of its key, as `list` prints it."""
    found = [task for task in inventory.tasks(layout) if task["key"].startswith(key)]
    if len(found) != 1:
        what = "more than one task begins with" if found else "no task"
        raise UsageError(
            f"{what} `{key}`", hint="`buildopt cache list` lists their keys", slug="no-such-task"
        )
    records = inventory.records_of(layout, found[0])
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, **found[0], "traces": records}))
        return
    click.echo(f"{found[0]['name']}  in {found[0]['directory']}")
    for record in records:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(record["used_s"]))
        click.echo(
            f"  {record['name']}  {used}  {record['inputs']} inputs  "
            f"{record['outputs']} outputs, {size(record['output_bytes'])}"
        )
        for name in record["secrets"]:
            click.echo(f"    holds the value of `{name}`: it stays on this machine")


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_obj
def verify(layout: Layout, as_json: bool) -> int:
    """Digest everything that is stored; what is damaged is dropped, and only costs a run."""
    progress = Progress(is_shown=terminal_line.is_welcome(os.environ))
    with progress.step("checking", lambda: inventory.artifact_bytes(layout)):
        checked, damaged = inventory.verify(layout, progress.advance)
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "checked": checked, "damaged": damaged}))
    else:
        click.echo(f"{checked} checked, {len(damaged)} damaged and dropped")
        for name in damaged:
            click.echo(f"  {name}")
    return 1 if damaged else 0


@command.command("prune")
@click.option("--limit", callback=require_size, metavar="SIZE", help="How much may stay.")
@click.option(
    "--max-age", type=click.IntRange(min=1), metavar="DAYS", help="How long a record may go unused."
)
@click.option(
    "--no-secrets",
    is_flag=True,
    help="Remove what holds the value of a secret variable: before others may read the folder.",
)
@click.option("--dry-run", is_flag=True, help="Say what would go; remove nothing.")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_obj
def prune(
    layout: Layout,
    limit: str | None,
    max_age: int | None,
    no_secrets: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Remove what nobody used for long, and what saves the least time for its size.

    The limits are those of the settings, unless given. Every hour a run that stores does the
    same in the background.
    """
    chosen = settings.load(working_directory(), os.environ)
    limits = Limits(
        parse_size(limit) if limit else chosen.cache_limit_bytes,
        (max_age or chosen.cache_max_age_days) * DAY_S,
        keeps_secrets=not no_secrets,
    )
    removed = sweep_now(layout, limits, dry_run=dry_run)
    told = evicted(removed, limits)
    if told.files and not dry_run:
        open_journal("cache", os.environ).append(told)
    rows = {
        kind: {"files": len(files), "bytes": sum(file.size_bytes for file in files)}
        for kind, files in removed.items()
    }
    if as_json:
        freed = {"dry_run": dry_run, "freed_bytes": told.bytes_freed, "removed": rows}
        click.echo(json.dumps({"schema": SCHEMA, **freed}))
        return
    click.echo(f"{size(told.bytes_freed)} {'would be freed' if dry_run else 'freed'}")
    _print_rows(rows)


def _print_rows(rows: Mapping[str, Mapping[str, int]]) -> None:
    """What went, a kind a line."""
    for kind, row in rows.items():
        if row["files"]:
            click.echo(f"  {kind.replace('_', ' '):<12} {row['files']:>6}, {size(row['bytes'])}")


@command.command("clear")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def clear(layout: Layout, yes: bool) -> None:
    """Remove everything that is stored; the next run of each task is a real one."""
    if not yes:
        click.confirm(f"Remove all of {layout.base}?", abort=True)
    freed = inventory.clear(layout)
    click.echo(f"{size(freed)} freed")
