"""Which program a command's name means, as observations: for a run that is not traced.

The folders of `PATH` that were looked in before are absent files, the program is a `tool` with
its content, and so is each interpreter that a `#!` line names.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator

from buildopt.model import Observation, Task
from buildopt.observe.observer import DigestFile
from buildopt.observe.resolve import LinkLoop, Resolver

MAX_INTERPRETERS = 5
"""Linux gives up on longer chains of `#!` (BINPRM_MAX_RECURSION)."""


def observe_tool(task: Task, digest: DigestFile) -> Iterator[Observation]:
    """The program of `task` and what led to it; nothing where it cannot be found."""
    name = task.argv[0]
    if "/" in name:
        yield from _program(os.path.join(task.directory, name), task, digest, 0)
        return
    yield from _search(name, task, digest, 0)


def _search(name: str, task: Task, digest: DigestFile, depth: int) -> Iterator[Observation]:
    for folder in task.environment.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(task.directory, folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            yield from _program(path, task, digest, depth)
            return
        yield from _passed_over(path, digest)


def _passed_over(path: str, digest: DigestFile) -> Iterator[Observation]:
    """What stands where a search went by: nothing, or what cannot be run as it is."""
    target = yield from _follow(path)
    if os.path.isfile(target):
        yield Observation(kind="file", subject=target, value=digest(target))
    elif target and not os.path.lexists(target):
        yield Observation(kind="absent", subject=target, value="")


def _program(path: str, task: Task, digest: DigestFile, depth: int) -> Iterator[Observation]:
    target = yield from _follow(path)
    try:
        if not target or not stat.S_ISREG(os.lstat(target).st_mode):
            return
        yield Observation(kind="tool", subject=target, value=digest(target))
        with open(target, "rb") as program:
            first = program.read(256).split(b"\n")[0]
    except OSError:
        return
    if first.startswith(b"#!") and depth < MAX_INTERPRETERS:
        yield from _interpreter(os.fsdecode(first[2:]).split(), task, digest, depth + 1)


def _follow(path: str) -> Generator[Observation, None, str]:
    """Each link on the way of `path`; where it ends, or nothing for links in a circle."""
    links: list[str] = []
    resolver = Resolver(links.append)
    try:
        target, obstacle = resolver.locate(path)
        while not obstacle and os.path.islink(target):
            target, obstacle = resolver.follow(target)
    except LinkLoop:
        target = ""
    for link in links:
        yield Observation(kind="link", subject=link, value=os.readlink(link))
    return target


def _interpreter(
    words: list[str], task: Task, digest: DigestFile, depth: int
) -> Iterator[Observation]:
    if not words:
        return
    yield from _program(os.path.join(task.directory, words[0]), task, digest, depth)
    if os.path.basename(words[0]) == "env":
        for word in words[1:]:
            if not word.startswith("-") and "=" not in word:
                yield from _search(word, task, digest, depth)
                return
