"""Whether commands can be traced on this machine: asked once a boot, kept in the cache."""

from __future__ import annotations

import os

from buildopt import hit
from buildopt.cache import files
from buildopt.cache.layout import Layout
from buildopt.execute.environment import ACTIVE

YES = "yes"


def why_not(layout: Layout) -> str:
    """Why tracing cannot be had here; empty where it can."""
    path = answer_path(layout)
    try:
        found = files.read(path).decode()
    except OSError:
        found = _ask()
        if ACTIVE in os.environ:
            return (
                "" if found == YES else found
            )  # the outer run's filter says nothing of later ones
        try:
            files.publish(path, found.encode())
        except OSError:
            pass  # asked again next time
    return "" if found == YES else found


def answer_path(layout: Layout) -> str:
    """The file that keeps the answer for these surroundings."""
    return os.path.join(layout.base, f"tracing-{_surroundings()}")


def in_thread() -> bool:
    """Whether the supervisor must live in a thread of ours (Yama lets only ancestors look)."""
    from buildopt.observe.seccomp.self_test import must_supervise_in_thread

    return must_supervise_in_thread()


def _ask() -> str:
    from buildopt.observe.seccomp.self_test import is_available

    works, reason = is_available()
    return YES if works else reason or "refused"


def _surroundings() -> str:
    """What the answer holds for: this boot, this container's process 1, this user, and what
    filters there are.
    """
    try:
        container = os.readlink("/proc/self/ns/pid")
    except OSError:
        container = "none"
    number = "".join(c for c in container if c.isdigit())
    return f"{hit.boot_hash().decode()}-{number}-{os.getuid()}-{_filters()}"


def _filters() -> str:
    """How many seccomp filters hold for us already: one more may be another's listener."""
    try:
        status = files.read("/proc/self/status")
    except OSError:
        return "unknown"
    lines = dict(line.split(b":", 1) for line in status.splitlines() if b":" in line)
    return lines.get(b"Seccomp_filters", b"0").strip().decode("ascii", "replace")
