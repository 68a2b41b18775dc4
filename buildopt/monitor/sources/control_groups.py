"""Limits that a control group puts on us, of version 1 or 2: a container's memory and processors.

What counts is the tightest limit on the way from our own group up to the top that we can see.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from buildopt.monitor.hookspecs import Measurement

UNLIMITED_BYTES = 1 << 62
"""Version 1 writes a number near 2^63 for no limit."""


class Group(NamedTuple):
    """One folder of the hierarchy that controls a resource."""

    folder: str
    version: int


class ControlGroups:
    """Our groups; found once, as a process stays where it was put."""

    def __init__(self, root: str = "/") -> None:
        """`root` is where `/proc` and `/sys` are."""
        self._memory = list(_groups(root, "memory"))
        self._processor = list(_groups(root, "cpu"))

    def measure(self) -> Iterator[Measurement]:
        """Limits and use; what has no limit is left out."""
        limited = [(limit, g) for g in self._memory if (limit := _memory_limit(g)) is not None]
        if limited:
            limit, group = min(limited)
            used = _memory_used(group)
            yield Measurement("buildopt.cgroup.memory.limit", limit, "By")
            if used is not None and limit:
                yield Measurement("buildopt.cgroup.memory.usage", used, "By")
                yield Measurement("buildopt.cgroup.memory.utilization", used / limit)
        processors = [n for g in self._processor if (n := _processors(g)) is not None]
        if processors:
            yield Measurement("buildopt.cgroup.cpu.count", min(processors), "{cpu}")


def _memory_limit(group: Group) -> int | None:
    limit = _number(group, "memory.max" if group.version == 2 else "memory.limit_in_bytes")
    return limit if limit is not None and limit < UNLIMITED_BYTES else None


def _memory_used(group: Group) -> int | None:
    """What cannot be had back: without files that were not used lately, as for the machine."""
    used = _number(group, "memory.current" if group.version == 2 else "memory.usage_in_bytes")
    if used is None:
        return None
    name = "inactive_file" if group.version == 2 else "total_inactive_file"
    rows = dict(
        line.split()[:2] for line in _text(group, "memory.stat").splitlines() if " " in line
    )
    return max(0, used - int(rows.get(name, 0)))


def _processors(group: Group) -> float | None:
    """How many processors the group may keep busy."""
    if group.version == 2:
        quota, _, period = _text(group, "cpu.max").strip().partition(" ")
    else:
        quota = _text(group, "cpu.cfs_quota_us").strip()
        period = _text(group, "cpu.cfs_period_us").strip()
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return int(quota) / int(period)


def _groups(root: str, controller: str) -> Iterator[Group]:
    """From our own group up to the top; version 1 where it has the controller, else version 2."""
    own = _own_paths(root)
    version, path = (1, own[controller]) if controller in own else (2, own.get("", "/"))
    mount = _mount_point(root, controller if version == 1 else "")
    if not mount:
        return
    point, shown = mount
    # What is mounted may begin below the top: a container's own part of the hierarchy.
    inside = os.path.relpath(path, shown) if _is_below(path, shown) else "."
    folder = os.path.normpath(os.path.join(root, point.lstrip("/"), inside))
    top = os.path.normpath(os.path.join(root, point.lstrip("/")))
    while _is_below(folder, top):
        yield Group(folder, version)
        if folder == top:
            return
        folder = os.path.dirname(folder)


def _own_paths(root: str) -> dict[str, str]:
    """Our group by controller; that of version 2 by the empty name (cgroups(7))."""
    paths = {}
    for line in _read(os.path.join(root, "proc/self/cgroup")).splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        for name in names.split(","):
            paths[name] = path
    return paths


def _mount_point(root: str, controller: str) -> tuple[str, str] | None:
    """Where the hierarchy is mounted, and which part of it (proc(5), mountinfo)."""
    for line in _read(os.path.join(root, "proc/self/mountinfo")).splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if len(fields) < 5 or len(kinds) < 3:
            continue
        is_wanted = controller in kinds[2].split(",") if controller else kinds[0] == "cgroup2"
        if is_wanted and kinds[0] == ("cgroup" if controller else "cgroup2"):
            return fields[4], fields[3]
    return None


def _is_below(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip("/") + "/")


def _number(group: Group, name: str) -> int | None:
    text = _text(group, name).strip()
    return int(text) if text.isdigit() else None


def _text(group: Group, name: str) -> str:
    return _read(os.path.join(group.folder, name))


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
