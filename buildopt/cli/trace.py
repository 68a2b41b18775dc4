"""`buildopt trace`: what a command read, looked for, wrote and ran."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from buildopt.access_table import KINDS, Row, rows_of
from buildopt.cli.trials import call_for, run_once
from buildopt.events import SCHEMA
from buildopt.execute.process import end_like
from buildopt.model import Execution, Observed, Task
from buildopt.phrases import printable
from buildopt.results import process_rows

EPILOG = """\b
Examples:
  buildopt trace -- npm run build                 processes, and paths folded by folder
  buildopt trace --all -- make                    every path by itself
  buildopt trace --table --only missing -- tsc    where it looked in vain, a path a line
  buildopt trace --json -- pytest | tail -n 1     one object, behind the command's own output
"""


@click.command("trace", epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.option("--table", "as_table", is_flag=True, help="A path a line: kind, path, detail.")
@click.option("--json", "as_json", is_flag=True, help="One object as the last line of stdout.")
@click.option("--only", multiple=True, type=click.Choice(KINDS), help="Only paths of this kind.")
@click.option("--all", "shows_all", is_flag=True, help="Fold no folder, leave out no process.")
@click.option("--no-stdin", is_flag=True, help="Give the command an empty stdin.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARG…]")
def command(
    words: tuple[str, ...],
    only: tuple[str, ...],
    as_table: bool,
    as_json: bool,
    shows_all: bool,
    no_stdin: bool,
) -> int:
    """Run COMMAND and tell what it read, looked for in vain, wrote and ran.

    The command really runs, whatever is recorded, and nothing is recorded. What a record leaves
    out (tools' own caches, /proc, what is made in the temporary folder) is left out here too.
    The exit status is the command's own.
    """
    call = call_for(words, name="trace")
    execution, observed = run_once(call, no_stdin=no_stdin)
    rows = tuple(row for row in rows_of(observed) if row.kind in (only or KINDS))
    if not _ends_a_line(execution):
        click.echo()
    if as_json:
        click.echo(json.dumps(_object(call.task, execution, observed, rows)))
    elif as_table:
        for row in rows:
            shown = printable(_shown(row.path, call.task.root))
            click.echo("\t".join((row.kind, shown, printable(row.detail))).rstrip("\t"))
    else:
        from buildopt.cli.trace_tree import print_tree

        rows = tuple(row._replace(path=_shown(row.path, call.task.root)) for row in rows)
        print_tree(observed, rows, shows_all=shows_all)
    return end_like(execution.exit_code, execution.signal or None)


def _ends_a_line(execution: Execution) -> bool:
    """Whether what the command printed on stdout is whole lines, as far as is known."""
    printed = [chunk for chunk in execution.chunks or () if chunk.stream != "stderr"]
    return not printed or printed[-1].data.endswith(b"\n")


def _object(
    task: Task, execution: Execution, observed: Observed, rows: Sequence[Row]
) -> dict[str, Any]:  # Any: JSON
    paths: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for row in rows:
        paths[row.kind].append(_json_of(row, task.root))
    return {
        "schema": SCHEMA,
        "command": task.argv,
        "directory": task.directory,
        "root": task.root,
        "exit_code": execution.exit_code,
        "signal": execution.signal or None,
        "duration_s": execution.usage.duration_s,
        "cpu_s": execution.usage.cpu_s,
        "peak_memory_bytes": execution.usage.peak_memory_bytes,
        "incomplete": [{"kind": n.kind, "subject": n.subject} for n in observed.incomplete],
        **paths,
        "processes": process_rows(observed.processes),
    }


def _json_of(row: Row, root: str) -> str | dict[str, Any]:  # Any: JSON
    """A path, or an object where there is more to say of it."""
    path = _shown(row.path, root)
    if row.kind == "link":
        return {"path": path, "target": row.detail}
    if row.kind == "wrote":
        return {"path": path, "bytes": int(row.detail) if row.detail else None}
    return path


def _shown(path: str, root: str) -> str:
    """Relative to the project's root, absolute outside it."""
    return "." if path == root else path.removeprefix(root.rstrip("/") + "/")
