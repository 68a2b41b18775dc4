"""What a run's bundler told of itself, one line for each output that it wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from buildopt import journal
from buildopt.phrases import printable
from buildopt.quantities import counted, duration, size

KIND = "buildopt.bundler.finished"
_PHASES = ("modules", "render", "write")


def bundler_lines(state: bytes, run_id: str) -> list[str]:
    """The lines of this run, the first output first."""
    told = [event for event in journal.read_backwards(state, KIND) if event.run == run_id]
    return [line_of(event.data) for event in reversed(told)]


def line_of(data: Mapping[str, Any]) -> str:  # Any: JSON, of any tool
    """`vite 8.4.0 dist: 7 modules; modules 52 ms, render 9 ms, write 1 ms; 2 chunks, …`.

    What is absent, or not what it should be, is left out.
    """
    who = " ".join(_texts(data, "tool", "tool_version", "output_folder"))
    parts = (", ".join(part) for part in (_modules(data), _phases(data), _chunks(data)))
    return printable(": ".join(filter(None, (who, "; ".join(filter(None, parts))))))


def _modules(data: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(count := data.get("modules"), int):
        yield counted(count, "module")


def _phases(data: Mapping[str, Any]) -> Iterator[str]:
    took = data.get("phases_s")
    if isinstance(took, dict):
        for name in _PHASES:
            if isinstance(seconds := took.get(name), int | float) and isfinite(seconds):
                yield f"{name} {duration(seconds)}"


def _chunks(data: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(count := data.get("chunks_total"), int):
        yield counted(count, "chunk")
    chunks = data.get("chunks")
    sizes = [
        (chunk["bytes"], chunk["file"])
        for chunk in (chunks if isinstance(chunks, list) else ())
        if isinstance(chunk, dict)
        and isinstance(chunk.get("bytes"), int)
        and isinstance(chunk.get("file"), str)
    ]
    if sizes:
        largest, file = max(sizes)
        yield f"the largest {file} with {size(largest)}"


def _texts(data: Mapping[str, Any], *names: str) -> Iterator[str]:
    return (data[name] for name in names if isinstance(data.get(name), str) and data[name])
