"""`buildopt bench`: how long a command takes, and which of two versions takes longer."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, NamedTuple

import click

from buildopt import settings
from buildopt.cli.bench_finding import Suspect, suspect_of
from buildopt.cli.bench_rounds import Side, run_rounds, run_text, time_once
from buildopt.cli.bench_trees import trees
from buildopt.cli.bench_verdict import LEAST_PAIRS, Comparison, compare
from buildopt.cli.call import open_journal, working_directory
from buildopt.cli.identity import project_identity
from buildopt.cli.words import tell
from buildopt.errors import UsageError
from buildopt.events import SCHEMA
from buildopt.quantities import duration

TYPE = "buildopt.bench.finished"
EPILOG = """\b
Examples:
  buildopt bench -- npm run build                    ten runs, for the baseline of `bench`
  buildopt bench --reference 'sha256sum big' -- npm run build
  buildopt bench --before v1.2 --after HEAD --setup 'npm ci' -- npm run build
  buildopt bench --confirm 1f00ba12 --setup 'npm ci' settle what a baseline suspects
  buildopt bench --schedule 03:30 -- npm run build   each night while the monitor runs
"""


class Asked(NamedTuple):
    """A call of `bench`."""

    name: str
    command: tuple[str, ...]
    directory: str
    root: str
    runs: int
    warmup: int
    setup: str
    prepare: str
    shows_output: bool
    reference: str = ""
    versions: tuple[str, str] | None = None
    finding: str = ""


@click.command("bench", epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.option(
    "--runs",
    default=10,
    show_default=True,
    type=click.IntRange(1, 1_000),
    metavar="N",
    help="Timed runs of each side.",
)
@click.option(
    "--warmup",
    default=1,
    show_default=True,
    type=click.IntRange(0, 100),
    metavar="N",
    help="Runs before these that are not timed.",
)
@click.option("--name", metavar="TEXT", help="Name of the series; else the command.")
@click.option("--reference", metavar="COMMAND", help="Run this in turn with it, in a shell.")
@click.option("--before", metavar="REV|DIR", help="The version to compare with.")
@click.option("--after", metavar="REV|DIR", help="The version that is judged; else this folder.")
@click.option("--confirm", metavar="FINDING", help="Both commits of what a baseline suspects.")
@click.option("--setup", default="", metavar="COMMAND", help="Once in each version, in a shell.")
@click.option("--prepare", default="", metavar="COMMAND", help="Before each run, not timed.")
@click.option("--schedule", metavar="HH:MM", help="Each day then, while the monitor runs.")
@click.option("--show-output", is_flag=True, help="What the command prints goes through.")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARG…]")
def command(words: tuple[str, ...], **options: Any) -> int:  # Any: values of click
    """Run COMMAND several times and say how long it takes; nothing is answered from the cache.

    With a reference or two versions, both run in turn, and the answer is a ratio with its
    interval: `slower`, `faster`, `same` or `cannot tell`, never a guess. Times go into the
    stream of events, where `buildopt baseline` learns them.
    """
    asked = _asked(words, options)
    schedule = options["schedule"]
    if not schedule:
        _bench(asked, as_json=options["as_json"])
        return 0
    from buildopt.cli.bench_schedule import each_day

    state = settings.state_folder(os.environ)
    return each_day(state, schedule, lambda: _bench(asked, as_json=options["as_json"]))


def _asked(words: tuple[str, ...], options: dict[str, Any]) -> Asked:  # Any: values of click
    here = working_directory()
    root, _ = settings.find_root(here)
    suspect = None
    if options["confirm"]:
        state = os.fsencode(settings.state_folder(os.environ))
        suspect = suspect_of(state, options["confirm"])
    command = words or (_command_of(suspect) if suspect else ())
    if not command:
        raise UsageError("no command to time", hint="buildopt bench -- COMMAND", slug="no-command")
    before, after = options["before"], options["after"]
    if after and not before:
        raise UsageError(
            "`--after` says nothing without `--before`", hint="name both versions", slug="usage"
        )
    if options["reference"] and (before or suspect):
        raise UsageError(
            f"`--reference` and `{'--confirm' if suspect else '--before'}` both say what it is "
            "held against",
            hint="give one of them: two sides run in turn",
            slug="usage",
        )
    directory = os.path.join(root, suspect.directory) if suspect and not words else here
    versions = (before, after or root) if before else None
    if suspect and not versions:
        versions = (suspect.before, suspect.after)
    return Asked(
        name=options["name"] or (suspect.name if suspect else shlex.join(command)),
        command=command,
        directory=directory,
        root=root,
        runs=options["runs"],
        warmup=options["warmup"],
        setup=options["setup"],
        prepare=options["prepare"],
        shows_output=options["show_output"],
        reference=options["reference"] or "",
        versions=versions,
        finding=suspect.finding if suspect else "",
    )


def _command_of(suspect: Suspect) -> tuple[str, ...]:
    """What was run; tasks really run again, whatever is recorded."""
    if suspect.is_many:
        return ("buildopt", "run", "--cache", "off", *suspect.command)
    return suspect.command


def _bench(asked: Asked, *, as_json: bool) -> None:
    data = _two_versions(asked) if asked.versions else _in_turn(asked)
    chosen = settings.load(working_directory(), os.environ)
    journal = open_journal(project_identity(chosen.root), os.environ, chosen)
    journal.emit(TYPE, {**data, "project": project_identity(asked.root)}, subject=asked.name)
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, **data}))
        return
    for line in _lines(data):
        click.echo(line)


def _in_turn(asked: Asked) -> dict[str, Any]:  # Any: JSON
    """Times of the command, beside those of its reference."""
    sides = [Side(shlex.join(asked.command), asked.command, asked.directory, asked.prepare)]
    if asked.reference:
        shell = ("/bin/sh", "-c", asked.reference)
        sides.insert(0, Side(asked.reference, shell, asked.directory))
    if asked.setup:
        run_text(asked.setup, asked.directory, os.environ)
    *references, times = _time(asked, sides)
    data = {**_known(asked), **_figures(times)}
    if not references:
        return data
    found = compare(references[0], times)
    return {**data, "reference": {"command": asked.reference, **_figures(references[0])},
            **_ratios(found)}  # fmt: skip


def _two_versions(asked: Asked) -> dict[str, Any]:  # Any: JSON
    """Times of both versions, and which takes longer."""
    assert asked.versions is not None
    below = os.path.relpath(asked.directory, asked.root)
    with trees(asked.root, asked.versions) as folders:
        sides = [
            Side(version, asked.command, os.path.normpath(os.path.join(folder, below)),
                 asked.prepare)
            for version, folder in zip(asked.versions, folders, strict=True)
        ]  # fmt: skip
        if asked.setup:
            for side in sides:
                run_text(asked.setup, side.directory, os.environ)
        before, after = _time(asked, sides)
    return {
        **_known(asked),
        "before": {"version": asked.versions[0], **_figures(before)},
        "after": {"version": asked.versions[1], **_figures(after)},
        **_ratios(compare(before, after)),
    }


def _time(asked: Asked, sides: Sequence[Side]) -> tuple[tuple[float, ...], ...]:
    for side in sides:
        for _ in range(asked.warmup):
            time_once(side, os.environ, shows_output=asked.shows_output)
    return run_rounds(
        sides, asked.runs, os.environ, shows_output=asked.shows_output, on_round=_progress(asked)
    )


def _progress(asked: Asked) -> Callable[[int], None]:
    def on_round(number: int) -> None:
        if os.isatty(2):
            tell(f"buildopt: {number} of {asked.runs} rounds")

    return on_round


def _known(asked: Asked) -> dict[str, Any]:  # Any: JSON
    return {
        "name": asked.name,
        "command": list(asked.command),
        "runs": asked.runs,
        **({"finding": asked.finding} if asked.finding else {}),
    }


def _figures(times_s: Sequence[float]) -> dict[str, Any]:  # Any: JSON
    return {
        "median_s": median(times_s), "min_s": min(times_s), "max_s": max(times_s),
        "times_s": list(times_s),
    }  # fmt: skip


def _ratios(found: Comparison) -> dict[str, Any]:  # Any: JSON
    is_known = found.low > 0
    return {
        "ratio": found.ratio,
        "ratio_low": found.low if is_known else None,
        "ratio_high": found.high if is_known else None,
        "answer": found.answer,
    }


def _lines(data: dict[str, Any]) -> list[str]:  # Any: JSON
    sides = [(name, data[name]) for name in ("reference", "before", "after") if name in data]
    lines = [
        f"{name} {side.get('version', side.get('command', ''))}: {_range(side)}"
        for name, side in sides
    ]
    if "median_s" in data:
        lines.append(f"{data['name']}: {_range(data)}, {data['runs']} runs")
    if "answer" in data:
        lines.append(_answer_line(data))
    return lines


def _answer_line(data: dict[str, Any]) -> str:  # Any: JSON
    ratio = f"{data['ratio']:.3f} ×"
    if data["ratio_low"] is None:
        return f"cannot tell: {ratio}; an interval takes {LEAST_PAIRS} runs of each"
    interval = f"{ratio} ({data['ratio_low']:.3f} to {data['ratio_high']:.3f})"
    if data["answer"] == "cannot tell":
        reach = (data["ratio_high"] - data["ratio_low"]) / 2
        return f"cannot tell: {interval}; these runs show no change below {100 * reach:.1f} %"
    return f"{data['answer']}: {interval}"


def _range(side: dict[str, Any]) -> str:  # Any: JSON
    return f"{duration(side['median_s'])} ({duration(side['min_s'])} to {duration(side['max_s'])})"
