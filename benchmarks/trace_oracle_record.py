"""What `buildopt run` stores of a build, by absolute path."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from trace_oracle_call import call
from workloads import Workload

from buildopt.cache.layout import Layout
from buildopt.cache.tokens import tokens_for


class Record(NamedTuple):
    """A stored trace and its entry, by absolute path."""

    kinds: Mapping[str, set[str]]
    outputs: set[str]
    removed: set[str]


def record(workload: Workload, place: Path) -> Record:
    """What `buildopt run` stores of a run, in an empty cache below `place`."""
    environment = {**workload.environment, **_our_folders(place)}
    program = os.path.join(os.path.dirname(sys.executable), "buildopt")
    said = call((program, "run", "--cache", "write", "--", *workload.argv), workload, environment)
    layout = Layout(str(place / "cache"))
    found = [path for path in Path(layout.base, "records").glob("*/*/*") if path.suffix != ".json"]
    if len(found) != 1:
        raise SystemExit(f"{workload.name}: not stored: {said.splitlines()[-1]}")
    expand = tokens_for(str(workload.directory), environment).expand
    trace_json = _object(found[0])
    kinds: dict[str, set[str]] = {}
    for kind in ("file", "tool", "absent", "listing", "link", "directory"):
        for subject in trace_json.get(kind, {}):
            kinds.setdefault(expand(subject), set()).add(kind)
    entry = _object(Path(layout.entry(trace_json["entry"])))
    outputs = {expand(output[1]) for output in entry["outputs"]}
    return Record(kinds, outputs, {expand(path) for path in entry["removed"]})


def _our_folders(place: Path) -> dict[str, str]:
    return {"BUILDOPT_CACHE_DIR": f"{place}/cache", "BUILDOPT_STATE_DIR": f"{place}/state"}


def _object(path: Path) -> dict[str, Any]:  # its values are of every kind
    """The JSON object below the checksum's line (cache/records.py)."""
    found: dict[str, Any] = json.loads(path.read_bytes().partition(b"\n")[2])
    return found
