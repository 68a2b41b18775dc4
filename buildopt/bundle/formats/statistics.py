"""Find the statistics files of a build, and read each by its format."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Protocol, cast

import msgspec

from buildopt.bundle.formats import FORMATS
from buildopt.bundle.graph import Graph
from buildopt.bundle.model import Problem
from buildopt.bundle.reading import TooLarge, note, read_whole, shown

LARGEST_BYTES = 1_000_000_000
"""Statistics of the largest builds have some hundred megabytes."""
NOT_STATISTICS = frozenset(
    ("package.json", "package-lock.json", "npm-shrinkwrap.json", "composer.json", "deno.json")
)


class Format(Protocol):
    """What each module of the table has."""

    def sniff(self, keys: Mapping[str, msgspec.Raw]) -> bool:
        """Whether an object with these keys is of this format."""

    def parse(self, data: bytes) -> Graph:
        """What it tells; raises msgspec.ValidationError."""


def read_graphs(folders: Iterable[str]) -> tuple[list[Graph], list[Problem]]:
    """What the statistics files in these folders tell, and what is wrong with them."""
    graphs: list[Graph] = []
    problems: list[Problem] = []
    for path in _candidates(folders):
        try:
            graph = _read(path)
        except (TooLarge, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            problems.append(Problem(path=shown(path), message=f"no statistics: {error}"))
        except OSError as error:
            problems.append(Problem(path=shown(path), message=error.strerror or "cannot be read"))
        else:
            graphs.extend([graph] if graph else [])
    return graphs, problems


def _candidates(folders: Iterable[str]) -> Iterator[str]:
    """JSON files right in these folders that could be statistics, and Vite's manifest."""
    seen = set()
    for folder in folders:
        manifest = note(os.path.join(note(folder), ".vite", "manifest.json"))
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        paths = [os.path.join(folder, name) for name in names if _may_be_statistics(name)]
        for path in [*paths, *([manifest] if os.path.isfile(manifest) else [])]:
            if path not in seen and os.path.isfile(path):
                seen.add(path)
                yield path


def _may_be_statistics(name: str) -> bool:
    return name.endswith(".json") and not name.startswith(".") and name not in NOT_STATISTICS


def _read(path: str) -> Graph | None:
    """What one file tells; None for a file that is something else."""
    data = read_whole(path, LARGEST_BYTES)
    if data.lstrip()[:1] != b"{":
        return None
    keys = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    for module in FORMATS:
        form = cast(Format, import_module(module))  # the table holds what the protocol asks
        if form.sniff(keys):
            return form.parse(data)
    return None
