"""Libraries of which all came in, though their single functions can be imported."""

from __future__ import annotations

import os
from collections.abc import Iterator

from buildopt.bundle.model import BundleAnalysis, Finding, Module
from buildopt.bundle.modules import package_copy
from buildopt.bundle.reading import note

LEAST_WHOLE_LIBRARY_BYTES = 20_000
LEAST_SINGLE_MODULES = 3
"""Single modules beside the whole library, in the bundle, that show that they would do."""
LEAST_INSTALLED_MODULES = 50
"""The same on the disk: fewer may be other builds of the same; lodash has 640, ramda 260."""


def whole_libraries(analysis: BundleAnalysis, project: str) -> Iterator[Finding]:
    """A module named after its package, with modules beside it that are parts of it: in the
    bundle, or where the package is installed.
    """
    candidates = {m.name: m for m in analysis.modules if _may_be_whole(m)}
    for module in candidates.values():
        if not _has_parts(module, analysis, project):
            continue
        copy = package_copy(module.name)
        name = copy.name if copy else module.instance
        yield Finding(
            kind="whole-library",
            subject=module.instance,
            message=f"all of `{name}` came in through `{module.name}`",
            fix=f"import single functions: `{name}/NAME`, or an ES module build of it",
            bytes=module.bytes,
            modules=(module.name,),
        )


def _may_be_whole(module: Module) -> bool:
    """Whether it is large and bears its package's name."""
    if module.bytes < LEAST_WHOLE_LIBRARY_BYTES or module.kind != "package":
        return False
    stem = module.name.rpartition("/")[2].partition(".")[0]
    return stem == module.instance.rpartition("/")[2]


def _has_parts(module: Module, analysis: BundleAnalysis, project: str) -> bool:
    if len(_beside(module, analysis)) >= LEAST_SINGLE_MODULES:
        return True
    return _installed_beside(module, project) >= LEAST_INSTALLED_MODULES


def _beside(module: Module, analysis: BundleAnalysis) -> set[str]:
    """Names of the other modules in its folder."""
    folder = module.name.rpartition("/")[0]
    names = {other.name for other in analysis.modules if other.instance == module.instance}
    return {name for name in names - {module.name} if name.rpartition("/")[0] == folder}


def _installed_beside(module: Module, project: str) -> int:
    """How many modules lie at the top of its package where it is installed."""
    main = f"{module.instance}/{module.name.rpartition('/')[2]}"
    if not project or ".." in module.instance.split("/") or not module.name.endswith(main):
        return 0
    try:
        names = os.listdir(note(os.path.join(project, *module.instance.split("/"))))
    except (OSError, ValueError):
        return 0
    return sum(name.endswith((".js", ".mjs")) for name in names)
