"""Packages that came in as a whole because a module of theirs re-exports everything.

What a module re-exports is read from the installed package: maps often lack the sources' texts.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from buildopt.bundle.model import BundleAnalysis, Finding
from buildopt.bundle.reading import TooLarge, read_whole
from buildopt.quantities import counted

LEAST_TARGETS = 3
"""Fewer re-exported modules may all be wanted."""
LEAST_BYTES = 10_000
WHOLE_SHARE = 0.9
"""Of the re-exported modules: from here on nothing to speak of was left out."""
MOST_FILES = 200
"""Of one package, that are read to follow what it re-exports."""
LARGEST_BYTES = 1_000_000
_EXPORT_STAR = re.compile(rb"^\s*export\s*\*\s*(?:as\s+\w+\s+)?from\s*['\"](\.[^'\"]+)['\"]", re.M)
_ENDINGS = ("", ".js", ".mjs", "/index.js", "/index.mjs")


def unshaken_packages(analysis: BundleAnalysis, project: str) -> Iterator[Finding]:
    """A finding for each copy of a package of which all re-exported modules came in."""
    if not project:
        return
    sizes: dict[str, dict[str, int]] = defaultdict(dict)
    for module in analysis.modules:
        if module.instance:
            known = sizes[module.instance]
            known[module.name] = known.get(module.name, 0) + module.bytes
    for package in analysis.packages:
        modules = sizes[package.instance]
        if package.bytes < LEAST_BYTES or len(modules) < LEAST_TARGETS:
            continue
        targets = _targets(modules, package.instance, project)
        present = {name for name in targets if modules.get(name)}
        if len(targets) >= LEAST_TARGETS and len(present) >= WHOLE_SHARE * len(targets):
            yield Finding(
                kind="export-star",
                subject=package.instance,
                message=f"all {counted(len(targets), 'module')} that it re-exports by `export *` "
                "came in",
                fix=f"import from the module that has what is needed, below `{package.name}/`, or "
                "a narrower entry of it; the bundler can leave modules out where its package.json "
                "says `sideEffects: false` and no name space of it is used as a value",
                bytes=sum(modules[name] for name in present),
                modules=tuple(sorted(present)),
            )


def _targets(modules: Mapping[str, int], instance: str, project: str) -> set[str]:
    """Modules that those in the bundle re-export, and what these re-export in turn."""
    waiting = [name for name in modules if name.startswith(instance + "/")]
    seen = set(waiting)
    targets: set[str] = set()
    for _ in range(MOST_FILES):
        if not waiting:
            break
        name = waiting.pop()
        for target in _re_exported(name, project):
            if target.startswith(instance + "/"):
                targets.add(target)
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
    return targets


def _re_exported(name: str, project: str) -> Iterator[str]:
    """Names of the modules that the installed module re-exports."""
    try:
        text = read_whole(os.path.join(project, *name.split("/")), LARGEST_BYTES)
    except (OSError, TooLarge, ValueError):
        return
    for found in _EXPORT_STAR.finditer(text):
        target = posixpath.join(posixpath.dirname(name), found[1].decode("utf-8", "replace"))
        target = posixpath.normpath(target)
        for ending in _ENDINGS:
            path = os.path.join(project, *(target + ending).split("/"))
            if not target.startswith("..") and os.path.isfile(path):
                yield target + ending
                break
