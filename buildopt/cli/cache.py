"""`buildopt cache`: what is stored, whether it is whole, and how to be rid of it."""

from __future__ import annotations

import json
import os
import time

import click

from buildopt import settings
from buildopt.cache import inventory
from buildopt.cache.layout import Layout
from buildopt.errors import UsageError
from buildopt.events import SCHEMA
from buildopt.quantities import size

EPILOG = """\b
Examples:
  buildopt cache stats           how much is stored, of how many tasks
  buildopt cache list            the tasks of all projects
  buildopt cache verify          digest everything; drop what is damaged
"""


@click.group("cache", epilog=EPILOG)
@click.option("--cache-dir", metavar="DIR", help="Where the cache is.")
@click.pass_context
def command(context: click.Context, cache_dir: str | None) -> None:
    """Look at the cache, check it, clear it."""
    context.obj = Layout(os.path.abspath(cache_dir or settings.cache_folder(os.environ)))


@command.command("path")
@click.pass_obj
def path(layout: Layout) -> None:
    """Print the cache folder."""
    click.echo(layout.top)


@command.command("stats")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_obj
def stats(layout: Layout, as_json: bool) -> None:
    """How much is stored, and of how many tasks."""
    counted = inventory.count(layout)
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, **counted}))
        return
    click.echo(f"cache      {layout.top}")
    click.echo(f"tasks      {counted['tasks']}")
    click.echo(f"records    {counted['records']}")
    click.echo(f"artifacts  {counted['artifacts']}, {size(counted['artifact_bytes'])} on disk")
    click.echo(f"in all     {size(counted['bytes'])}")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_obj
def list_(layout: Layout, as_json: bool) -> None:
    """The recorded tasks, the last used first."""
    tasks = inventory.tasks(layout)
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


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_obj
def verify(layout: Layout, as_json: bool) -> int:
    """Digest everything that is stored; what is damaged is dropped, and only costs a run."""
    checked, damaged = inventory.verify(layout)
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "checked": checked, "damaged": damaged}))
    else:
        click.echo(f"{checked} checked, {len(damaged)} damaged and dropped")
        for name in damaged:
            click.echo(f"  {name}")
    return 1 if damaged else 0


@command.command("clear")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def clear(layout: Layout, yes: bool) -> None:
    """Remove everything that is stored; the next run of each task is a real one."""
    if not yes:
        click.confirm(f"Remove all of {layout.base}?", abort=True)
    freed = inventory.clear(layout)
    click.echo(f"{size(freed)} freed")
