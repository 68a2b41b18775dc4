"""The command's environment: all of ours, and how a tool inside finds the run it is part of."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

ACTIVE = "BUILDOPT_ACTIVE"
"""Tells a `buildopt run` inside the command that it is inside one; the value is the run's id."""

EVENTS = "BUILDOPT_EVENTS"
"""Names a file to which the command's tools may append events of their own."""

HOOK_ENVIRONMENT_MARKS = (".install_state_v2", ".prek-hook.json")
"""Files at the root of the virtual environments that pre-commit and prek make for hooks.

They put such an environment first on `PATH`, so that a hook of ours would build with it. No
other one is taken off: nothing tells it from one that the user activated.
"""


def child_environment(
    environment: Mapping[str, str], *, active_id: str, events_file: str = ""
) -> dict[str, str]:
    """What the command gets: all of `environment`, and how to find this run."""
    theirs = {**environment, ACTIVE: active_id}
    if events_file:
        theirs[EVENTS] = events_file
    if is_hook_environment(sys.prefix):
        return without_environment(theirs, sys.prefix)
    return theirs


def is_hook_environment(prefix: str) -> bool:
    """Whether a hook runner made this virtual environment, and its user never activated it."""
    return any(os.path.exists(f"{prefix}/{mark}") for mark in HOOK_ENVIRONMENT_MARKS)


def without_environment(environment: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The variables without what activates the virtual environment `prefix`."""
    theirs = dict(environment)
    if theirs.get("VIRTUAL_ENV") == prefix:
        del theirs["VIRTUAL_ENV"]
    if "PATH" in theirs:
        folders = theirs["PATH"].split(os.pathsep)
        kept = [folder for folder in folders if folder != f"{prefix}/bin"]
        theirs["PATH"] = os.pathsep.join(kept)
    return theirs
