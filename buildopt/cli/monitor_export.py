"""`buildopt monitor export`: what the index holds, for other programs."""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from buildopt import settings
from buildopt.cli.moments import Moment

if TYPE_CHECKING:
    from buildopt.monitor.hookspecs import Where
    from buildopt.monitor.index import Index

Row = Mapping[str, Any]  # Any: JSON
EVERYTHING = 2**62
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
NANOSECONDS = 1_000_000_000

EPILOG = """\b
Examples:
  buildopt monitor export runs --from 7d --environment ci
  buildopt monitor export samples --metric system.cpu.utilization --from 1h --format csv
  buildopt monitor export summary --metric system.memory.utilization --from 30d
"""


@click.command("export", epilog=EPILOG)
@click.argument("what", type=click.Choice(["runs", "tasks", "lookups", "samples", "summary"]))
@click.option("--from", "from_ns", type=Moment(), metavar="T", help="Not what happened before.")
@click.option("--to", "to_ns", type=Moment(), metavar="T", help="Not what happened then or later.")
@click.option("--environment", default="", metavar="NAME", help="Only of this environment.")
@click.option("--machine", default="", metavar="CLASS", help="Only of this class of machines.")
@click.option("--host", default="", metavar="NAME", help="Only of this machine.")
@click.option("--project", default="", metavar="NAME", help="Only of this project, or source.")
@click.option("--metric", default="", metavar="NAME", help="Only this metric.")
@click.option(
    "--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True,
    help="One object a line, or a table with a head.",
)  # fmt: skip
def command(
    *,
    what: str,
    from_ns: int | None,
    to_ns: int | None,
    environment: str,
    machine: str,
    host: str,
    project: str,
    metric: str,
    form: str,
) -> None:
    """Print what the index holds: runs, tasks and look-ups newest first, samples in their order.

    `samples` are kept for a day; `summary` has number, mean, least, most and quantiles of each
    series over any time. What is not in the index yet is taken in first.
    """
    from buildopt.monitor.hookspecs import LAST_NS, Where
    from buildopt.monitor.importer import Importer
    from buildopt.monitor.index import Index

    state = os.path.abspath(settings.state_folder(os.environ))
    importer = Importer(state)
    importer.catch_up()
    importer.close()
    where = Where(
        environment=environment,
        host=host,
        project=project,
        machine=machine,
        from_ns=from_ns or 0,
        to_ns=LAST_NS if to_ns is None else to_ns,
    )
    index = Index(state)
    _print(_rows(index, what, where, metric), form)
    index.close()


def _rows(index: Index, what: str, where: Where, metric: str) -> Iterator[Row]:
    listed: Mapping[str, Callable[..., list[Any]]] = {  # Any: rows
        "runs": index.runs, "tasks": index.tasks, "lookups": index.lookups,
    }  # fmt: skip
    if what in listed:
        yield from listed[what](where, limit=EVERYTHING)
        return
    to_ns = min(where.to_ns, time.time_ns() + NANOSECONDS)
    span_s = (where.from_ns // NANOSECONDS, -(-to_ns // NANOSECONDS))
    for series in index.series(where, metric=metric):
        told = {"series": series.name, **series._asdict()}
        del told["id"], told["name"]
        if what == "samples":
            for time_ms, value in index.samples(series.id, span_s):
                yield {"time_ms": time_ms, "value": value, **told}
        elif (summary := index.summary([series.id], span_s, tuple(QUANTILES.values()))).n:
            quantiles = dict(zip(QUANTILES, summary.quantiles, strict=True))
            counted = {"n": summary.n, "mean": summary.mean, "min": summary.min}
            yield {**told, **counted, "max": summary.max, **quantiles}


def _print(rows: Iterator[Row], form: str) -> None:
    if form == "json":
        for row in rows:
            click.echo(json.dumps(row))
        return
    table: csv.DictWriter[str] | None = None
    for row in rows:
        if table is None:
            table = csv.DictWriter(sys.stdout, list(row))
            table.writeheader()
        table.writerow(row)
