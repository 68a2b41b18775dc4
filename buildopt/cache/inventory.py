"""What is in a cache, counted, checked and cleared; for people, never on the run path."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import xxhash

from buildopt.cache import files
from buildopt.cache.artifacts import COMPRESSED_SUFFIX, Artifacts, Damaged
from buildopt.cache.layout import Layout
from buildopt.places import is_temporary
from buildopt.progress import Advance, ignore


def count(layout: Layout) -> dict[str, int]:
    """Numbers of tasks, records, artifacts and bytes."""
    recorded = tasks(layout)
    artifacts = sum(1 for _ in _files(os.path.join(layout.base, "artifacts")))
    return {
        "tasks": len(recorded),
        "records": sum(task["records"] for task in recorded),
        "artifacts": artifacts,
        "artifact_bytes": artifact_bytes(layout),
        "bytes": sum(_size(path) for path in _files(layout.base)),
    }


def artifact_bytes(layout: Layout) -> int:
    """The bytes of all contents, as they are kept."""
    return sum(_size(path) for path in _files(os.path.join(layout.base, "artifacts")))


def tasks(layout: Layout) -> list[dict[str, Any]]:
    """All recorded tasks with key, name, directory, records, used_s; the last used first."""
    found = []
    for path in _files(os.path.join(layout.base, "records")):
        if os.path.basename(path) != "task.json":
            continue
        folder = os.path.dirname(path)
        try:
            described = json.loads(files.read(path))
        except (OSError, ValueError):
            continue
        names = [name for name in os.listdir(folder) if _is_trace(name)]
        used_s = [os.stat(os.path.join(folder, name)).st_mtime for name in names]
        found.append(
            {
                "key": os.path.basename(folder),
                "name": described.get("name", ""),
                "directory": described.get("directory", ""),
                "folder": folder,
                "records": len(names),
                "used_s": max(used_s, default=0.0),
            }
        )
    return sorted(found, key=lambda task: -task["used_s"])


def records_of(layout: Layout, task: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of a task with name, used_s, inputs, outputs, output_bytes, and the names of
    the secret variables whose values it holds; newest first.
    """
    rows = []
    for name in os.listdir(task["folder"]):
        path = os.path.join(task["folder"], name)
        trace = _body(path) if _is_trace(name) else None
        entry = _body(layout.entry(trace["entry"])) if trace else None
        if trace is None or entry is None:
            continue
        made = [row for row in entry["outputs"] if row[0] == "file"]
        rows.append(
            {
                "name": name,
                "used_s": os.stat(path).st_mtime,
                "inputs": sum(len(part) for part in trace.values() if isinstance(part, dict)),
                "outputs": len(made),
                "output_bytes": sum(row[4] for row in made),
                "secrets": entry.get("secrets", []),
            }
        )
    return sorted(rows, key=lambda row: -row["used_s"])


def verify(layout: Layout, advance: Advance = ignore) -> tuple[int, list[str]]:
    """Digest everything; how much was checked, and the names of what was damaged and dropped.

    `advance` is told the bytes of the artifacts, which are nearly all of it (`artifact_bytes`).
    """
    artifacts = Artifacts(layout)
    checked = 0
    damaged = []
    for path in _files(os.path.join(layout.base, "artifacts")):
        digest = os.path.basename(path).removesuffix(COMPRESSED_SUFFIX)
        checked += 1
        size_bytes = _size(path)
        try:
            artifacts.get_bytes(digest)
        except Damaged as damage:
            if damage.was_there:
                artifacts.discard(digest)
                damaged.append(f"artifact {digest}")
        advance(size_bytes)
    for folder in ("entries", "records"):
        for path in _files(os.path.join(layout.base, folder)):
            if os.path.basename(path) == "task.json":
                continue
            checked += 1
            if _body(path) is None and _removed(path):
                damaged.append(f"{folder} {os.path.basename(path)}")
    return checked, damaged


def clear(layout: Layout) -> int:
    """Remove all that is recorded; the bytes freed. The secret and what is owned stay."""
    freed = 0
    for name in ("hits", "records", "entries", "artifacts"):
        folder = os.path.join(layout.base, name)
        freed += sum(_size(path) for path in _files(folder))
        shutil.rmtree(folder, ignore_errors=True)
    return freed


def _body(path: str) -> dict[str, Any] | None:
    """The object of a trace's or entry's file; None where it is damaged."""
    try:
        head, _, body = files.read(path).partition(b"\n")
        if head.rpartition(b" ")[2] != xxhash.xxh3_128_hexdigest(body).encode():
            return None
        named = hashlib.sha256(body).hexdigest() if head.startswith(b"buildopt-entry") else ""
        if named and named != os.path.basename(path):
            return None
        raw = json.loads(body)
    except (OSError, ValueError):
        return None
    return raw if isinstance(raw, dict) else None


def _removed(path: str) -> bool:
    """Whether the file was there to be removed: a sweep may have been faster."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _is_trace(name: str) -> bool:
    return "-" in name and not name.startswith(".")


def _files(folder: str) -> Iterator[str]:
    for below, _, names in os.walk(folder):
        for name in names:
            if not is_temporary(name):
                yield os.path.join(below, name)


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0
