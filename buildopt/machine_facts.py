"""The machine and the versions that a run met, for its report: nothing that tells who or where.

{"system": text, "kernel": release, "architecture": name, "processors": count,
 "memory_bytes": count, "file_system": kind of the project's, "python": version,
 "buildopt": version}
"""

from __future__ import annotations

import os
import sys
from typing import Any

from buildopt import __version__
from buildopt.cache.file_times import file_system_type

OS_RELEASE = "/etc/os-release"


def machine_facts(root: str) -> dict[str, Any]:  # Any: JSON
    """The facts for a project in `root`; what cannot be had is left out."""
    system = os.uname()
    facts = {
        "system": _system_name(),
        "kernel": system.release,
        "architecture": system.machine,
        "processors": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "file_system": _file_system(root),
        "python": sys.version.split()[0],
        "buildopt": __version__,
    }
    return {name: value for name, value in facts.items() if value}


def _system_name() -> str:
    """`PRETTY_NAME` of os-release(5)."""
    try:
        with open(OS_RELEASE, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, value = line.strip().partition("=")
                if name == "PRETTY_NAME":
                    return value.strip("\"'")
    except OSError:
        pass
    return ""


def _file_system(root: str) -> str:
    try:
        return file_system_type(os.stat(root).st_dev, root)
    except OSError:
        return ""
