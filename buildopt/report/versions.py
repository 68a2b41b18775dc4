"""Versions of the tools among a run's processes, asked when its report is written.

Only of a file that is still as the run found it, so that no version is told that was another one
then: compilers and interpreters are asked, of packages the manifest is read.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import escape, iglob
from typing import NamedTuple

from buildopt.cache.memo import ChangedMeanwhile, Memo
from buildopt.input_table import InputTable, shortened
from buildopt.model import signature_of
from buildopt.phrases import printable
from buildopt.report.processes import INTERPRETERS, OURS, Process
from buildopt.tool_versions import ask_versions

ASKED = frozenset(
    ("node", "python", "deno", "bun", "ruby", "perl", "gcc", "g++", "cc", "c++", "clang", "rustc",
     "cargo", "javac", "make", "gmake", "ninja", "cmake", "git")
)  # fmt: skip
"""Programs that print their version for `--version` and do nothing else."""
MOST_TOOLS = 20
LONGEST_MANIFEST_BYTES = 1_000_000
HIGHEST = 5
"""Folders above a program in which its manifest may be."""
CHANGED = "changed since"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolVersion:
    """A tool that a run used; `note` says why its `version` is empty."""

    name: str
    version: str
    note: str = ""


class Place(NamedTuple):
    """What the subjects of a table are relative to."""

    root: str
    home: str

    def path_of(self, subject: str) -> str:
        """The absolute path."""
        if subject.startswith("$HOME/"):
            return os.path.join(self.home, subject.removeprefix("$HOME/"))
        return os.path.join(self.root, subject)


def versions_of(
    processes: Sequence[Process], table: InputTable, place: Place, environ: Mapping[str, str]
) -> tuple[ToolVersion, ...]:
    """Each tool once, by name."""
    commands = {each.command for each in processes if not _is_ours(each.command)}
    values = {
        place.path_of(row.subject): row.value for row in table.rows if row.kind in ("file", "tool")
    }
    programs = {_plain(command[0]) for command in commands if command}
    found = {each.name: each for each in _packages(commands, values, place.root)}
    found.update((each.name, each) for each in _asked(programs, table, place, environ))
    return tuple(found[name] for name in sorted(found)[:MOST_TOOLS])


def _is_ours(command: Sequence[str]) -> bool:
    return OURS in map(os.path.basename, command[:2])


def _plain(program: str) -> str:
    """`python` of `/usr/bin/python3.11`."""
    return os.path.basename(program).rstrip("0123456789.")


def _asked(
    programs: Iterable[str], table: InputTable, place: Place, environ: Mapping[str, str]
) -> Iterator[ToolVersion]:
    """Programs that can be asked."""
    wanted = ASKED.intersection(programs)
    ask: dict[str, str] = {}
    for row in table.rows:
        if row.kind != "tool" or _plain(row.subject) not in wanted or len(ask) == MOST_TOOLS:
            continue
        name = printable(os.path.basename(row.subject))
        path = place.path_of(row.subject)
        if is_as_then(path, row.value):
            ask[name] = path
        else:
            yield ToolVersion(name=name, version="", note=CHANGED)
    for tool in ask_versions(ask, environ):
        yield ToolVersion(name=tool.name, version=printable(tool.version), note=tool.trouble)


def _packages(
    commands: Iterable[tuple[str, ...]], values: Mapping[str, str], root: str
) -> Iterator[ToolVersion]:
    """Scripts and programs that a package brought."""
    for command in sorted(commands):
        for name, manifest, proof in _manifests(command, values, root):
            version = _version_in(manifest)
            if version and is_as_then(proof, values[proof]):
                yield ToolVersion(name=printable(name)[:40], version=printable(version)[:40])
                break


def _manifests(
    command: Sequence[str], values: Mapping[str, str], root: str
) -> Iterator[tuple[str, str, str]]:
    """What a command may be called, where its version stands, and a file that must be the same."""
    words = list(command)
    if words and _plain(words[0]) in INTERPRETERS:
        if words[1:2] == ["-m"] and len(words) > 2:
            yield from _modules(words[2], values)
            return
        words = words[1:]
    if not words or "/" not in words[0]:
        return
    path = os.path.realpath(os.path.join(root, words[0]))
    name = os.path.basename(words[0]).removesuffix(".js")
    for _ in range(HIGHEST):
        path = os.path.dirname(path)
        manifest = os.path.join(path, "package.json")
        if manifest in values and "/node_modules/" in manifest:
            yield name, manifest, manifest


def _modules(module: str, values: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Of `python -m MODULE`, where it is of a distribution of the same name."""
    top = module.partition(".")[0]
    for proof in values:
        folder, _, rest = proof.rpartition("/site-packages/")
        if folder and rest in (f"{top}/__init__.py", f"{top}/__main__.py"):
            packages = f"{folder}/site-packages"
            for found in iglob(f"{escape(packages)}/{escape(top)}-*.dist-info"):
                yield module, found, proof


def _version_in(manifest: str) -> str:
    if manifest.endswith(".dist-info"):
        return manifest.removesuffix(".dist-info").rpartition("-")[2]
    try:
        with open(manifest, encoding="utf-8", errors="replace") as file:
            told = json.loads(file.read(LONGEST_MANIFEST_BYTES))
    except (OSError, ValueError):
        return ""
    version = told.get("version") if isinstance(told, dict) else None
    return version if isinstance(version, str) else ""


def is_as_then(path: str, value: str) -> bool:
    """Whether a file has the content and mode that a table tells of."""
    try:
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            return False
        digest = Memo("").digest(path, signature_of(status)).hex()
    except (OSError, ChangedMeanwhile):
        return False
    return shortened(f"{digest}+{stat.S_IMODE(status.st_mode):o}") == value
