"""Suggestions about where a run took place: memory, file system, caches that CI does not keep."""

from __future__ import annotations

from collections.abc import Iterator

from buildopt.cache.file_times import COARSE_TYPES, LOCAL_TYPES
from buildopt.events import Event, RunFinished
from buildopt.quantities import duration, share, size
from buildopt.report.advice.suggestion import Suggestion, named
from buildopt.report.history import History
from buildopt.report.surroundings import Machine
from buildopt.report.timeline import Timeline

PRESSURE = 0.8
"""Of the machine's memory."""
KILLED = (137, -9)
TOOL_CACHES = {
    "npm": "~/.npm", "pnpm": "~/.local/share/pnpm/store", "yarn": "~/.cache/yarn",
    "pip": "~/.cache/pip", "uv": "~/.cache/uv", "poetry": "~/.cache/pypoetry",
    "next": ".next/cache", "webpack": "node_modules/.cache", "eslint": ".eslintcache",
    "tsc": "*.tsbuildinfo", "turbo": ".turbo",
    "cargo": "~/.cargo and target", "go": "~/.cache/go-build", "gradle": "~/.gradle/caches",
    "mypy": ".mypy_cache", "ruff": ".ruff_cache", "pytest": ".pytest_cache",
}  # fmt: skip
"""Where tools keep what a build need not do again, by their programs; see each one's manual.

Not Vite: what it keeps is for its server alone."""
HAS_ONE_WITH = {
    "eslint": "--cache", "tsc": "incremental", "webpack": "cache: {type: 'filesystem'}",
}  # fmt: skip
"""What tools have to be told to keep a cache."""


def from_memory(timeline: Timeline, machine: Machine) -> Iterator[Suggestion]:
    """Processes that were killed, or may have held most of the memory."""
    killed = [bar.name for bar in timeline.bars if bar.exit_code in KILLED]
    held = timeline.most_memory_bytes
    if killed:
        yield Suggestion(
            kind="memory",
            title=f"{named(killed[0])} was killed",
            evidence=f"By SIGKILL, as the system does where memory runs out; all processes "
            f"together had at most {size(held)}"
            + (f" of {size(machine.memory_bytes)}." if machine.memory_bytes else "."),
            action="Run fewer things side by side (`--jobs`), or give the machine more memory.",
        )
    elif machine.memory_bytes and held >= PRESSURE * machine.memory_bytes:
        yield Suggestion(
            kind="memory",
            title=f"Memory may have been short: up to {share(held / machine.memory_bytes)} of it",
            evidence=f"The peaks of processes that lived at one time come to {size(held)} of "
            f"{size(machine.memory_bytes)}: an upper bound, as their peaks may not coincide.",
            action="Run fewer things side by side (`--jobs`), or limit the largest one.",
        )


def from_file_system(run: RunFinished, machine: Machine) -> Iterator[Suggestion]:
    """A file system whose times prove nothing: each look-up reads all inputs again."""
    kind = machine.file_system
    if not kind or kind in LOCAL_TYPES | COARSE_TYPES:
        return
    yield Suggestion(
        kind="file-system",
        title=f"The project lies on {named(kind)}",
        evidence=f"Its time stamps cannot be relied on, so inputs are read again for each look-up: "
        f"{duration(run.lookup_s)} here.",
        action="Work on a local disk of the machine that builds.",
        gain_s=run.lookup_s,
        basis="bounded",
    )


def from_ci(
    event: Event, run: RunFinished, history: History, timeline: Timeline | None
) -> Iterator[Suggestion]:
    """In CI: a cache that did not come along, and tools whose own caches did not."""
    if event.environment != "ci" or run.outcome != "executed":
        return
    is_new = any(reason.kind == "no-record" for reason in run.miss_reasons)
    if is_new and len(history.runs) == 1:
        yield Suggestion(
            kind="ci-cache",
            title="This job began with an empty cache",
            evidence="There was no record of the command, and the journal knows of no earlier run.",
            action="Keep the folder that `buildopt cache path` prints between jobs.",
            gain_s=run.duration_s,
            basis="bounded",
        )
    for program in timeline.programs if timeline else ():
        word = program.name.split()[-1].removesuffix(".js")
        folder = TOOL_CACHES.get(word) or TOOL_CACHES.get(program.name.split()[0])
        if folder and program.own_s >= 1:
            told = HAS_ONE_WITH.get(word)
            yield Suggestion(
                kind="tool-cache",
                title=f"{named(word)} {'can keep' if told else 'keeps'} a cache of its own, which "
                "CI may drop",
                evidence=f"It took {duration(program.own_s)} here. "
                + (f"It keeps one with {named(told)}; w" if told else "W")
                + "hether it was there we cannot see.",
                action=f"Keep {named(folder)} between jobs as well.",
                gain_s=program.own_s,
                basis="bounded",
            )
