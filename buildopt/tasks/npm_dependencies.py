"""Which packages of the workspace a package.json depends on.

npm, pnpm and yarn link a member where the range fits its version, else they fetch it. A range is
judged where it is one plain comparison (`1.2`, `^1.2.3`, `~1.2`, `1.x`); any other, and any for a
version before or beside a release (`2.0.0-rc.1`), is taken to fit: one comes after the other
without need at worst.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from buildopt.tasks.manifest_files import Table

KINDS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
FOLDER_PROTOCOLS = ("file", "link", "portal")
_PLAIN = re.compile(r"(\^|~|=|)\s*v?(\d+)(?:\.(\d+)(?:\.(\d+)|\.[xX*])?|(?:\.[xX*]){1,2})?$")
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:\+[\w.-]*)?$")


def internal(
    table: Table, folder: str, versions: Mapping[str, str], names: Mapping[str, str]
) -> tuple[str, ...]:
    """Names of members that the manifest in `folder` depends on, in its order.

    `versions` are those of the members by name, `names` their names by folder.
    """
    found = (_member(*entry, folder, versions, names) for entry in _entries(table))
    own = names.get(folder)
    return tuple(dict.fromkeys(name for name in found if name and name != own))


def _entries(table: Table) -> Iterator[tuple[str, str]]:
    for kind in KINDS:
        entries = table.get(kind)
        if isinstance(entries, dict):
            for name, wanted in entries.items():
                if isinstance(wanted, str):
                    yield name, wanted.strip()


def _member(
    name: str, wanted: str, folder: str, versions: Mapping[str, str], names: Mapping[str, str]
) -> str:
    """The member that is meant, or empty."""
    if ":" not in wanted:
        is_ours = name in versions and "/" not in wanted and fits(versions[name], wanted)
        return name if is_ours else ""
    protocol, _, rest = wanted.partition(":")
    if protocol in FOLDER_PROTOCOLS:
        return names.get(os.path.normpath(os.path.join(folder, rest)), "")
    if protocol == "workspace":
        return _of_workspace(name, rest, folder, versions, names)
    return name if protocol == "catalog" and name in versions else ""


def _of_workspace(
    name: str, wanted: str, folder: str, versions: Mapping[str, str], names: Mapping[str, str]
) -> str:
    """`workspace:*`, `workspace:NAME@^1` for another name, `workspace:../folder`."""
    if wanted.startswith("."):
        return names.get(os.path.normpath(os.path.join(folder, wanted)), "")
    real = wanted.rpartition("@")[0] or name
    return real if real in versions else ""


def fits(version: str, wanted: str) -> bool:
    """Whether a range is fulfilled by a version, as far as can be told simply; else yes."""
    range_, found = _PLAIN.match(wanted), _VERSION.match(version)
    if not (range_ and found):
        return True
    operator, *parts = range_.groups()
    has = [int(number) for number in found.groups()]
    numbers = [int(part) for part in parts if part]
    if operator == "^":
        return _same_until_nonzero(has, numbers)
    if operator == "~":
        return has[: len(numbers[:2])] == numbers[:2] and has >= numbers
    return has[: len(numbers)] == numbers


def _same_until_nonzero(has: list[int], numbers: list[int]) -> bool:
    """`^`: nothing left of the first number that is not zero may differ, nor may that."""
    for at, number in enumerate(numbers):
        if has[at] != number:
            return False
        if number:
            break
    return has >= numbers
