"""Verdicts on the project's folder and on ours, cache and state."""

from __future__ import annotations

import shlex
from dataclasses import replace

from buildopt.doctor.check import Check, ok, problem, unknown, warning
from buildopt.doctor.facts import Folder, Surroundings, Trouble
from buildopt.doctor.mounts import NETWORK_TYPES
from buildopt.quantities import size

LEAST_FREE_BYTES = 1_000_000_000
"""A tenth of the cache's default limit; below that the outputs of a larger build may not fit."""

VARIABLES = {"cache": "BUILDOPT_CACHE_DIR", "state": "BUILDOPT_STATE_DIR"}


def judge_folders(around: Surroundings) -> tuple[Check, ...]:
    """The project's file system; cache and state with all that can be wrong with them."""
    return (
        _project(around.project),
        *_own_folder("cache", around.cache, around.uid),
        *_sharing(around.cache, around.project),
        *_own_folder("state", around.state, around.uid),
    )


def _project(folder: Folder) -> Check:
    """Whether an unchanged file is known by its times there."""
    consequence = "files are read anew for each answer, since their times prove nothing"
    mend = "build in a folder on a local disk"
    check = _filesystem("project", folder, consequence, mend=mend)
    return replace(check, found=f"{folder.path}: {check.found}")


def _own_folder(name: str, folder: Folder | Trouble, uid: int) -> tuple[Check, ...]:
    if isinstance(folder, Trouble):
        return (problem(f"{name}-folder", folder.message, mend=folder.hint),)
    elsewhere = f"set {VARIABLES[name]} to a folder"
    if folder.trouble:
        found = f"{folder.path} cannot be written: {folder.trouble}"
        mend = f"make it writable, or {elsewhere} that is"
        return (problem(f"{name}-folder", found, mend=mend),)
    return (
        _privacy(f"{name}-folder", folder, uid),
        _filesystem(
            f"{name}-filesystem",
            folder,
            "locks and times prove little there, and each access waits for the server",
            mend=f"{elsewhere} on a local disk",
        ),
        _space(f"{name}-space", folder, mend=f"free some space, or {elsewhere} on another disk"),
    )


def _privacy(name: str, folder: Folder, uid: int) -> Check:
    """The folder's own row: it can be written, and by nobody else."""
    if folder.mode is None:
        state = "writable, nothing is in it yet" if folder.exists else "not made yet; it can be"
        return ok(name, f"{folder.path}, {state}")
    if folder.owner_uid != uid:
        found = f"{folder.private} belongs to user {folder.owner_uid}, and this call is user {uid}"
        return warning(name, found, mend=f"sudo chown -R {uid} {shlex.quote(folder.path)}")
    if folder.mode & 0o077:
        found = f"{folder.private} is open to other users (mode {folder.mode:04o})"
        return warning(name, found, mend=f"chmod -R go= {shlex.quote(folder.private)}")
    return ok(name, f"{folder.path}, writable, closed to other users")


def _filesystem(name: str, folder: Folder, consequence: str, *, mend: str) -> Check:
    if folder.mount is None:
        return unknown(
            name, "the file system is not told", mend="mount /proc, where the system has one"
        )
    place = f"{folder.mount.kind} on {folder.mount.point} ({folder.mount.source})"
    if folder.times_are_believed:
        return ok(name, place)
    is_remote = folder.mount.kind in NETWORK_TYPES
    nature = "not of this machine alone" if is_remote else "not a kind we know"
    return warning(name, f"{place} is {nature}: {consequence}", mend=mend)


def _space(name: str, folder: Folder, *, mend: str) -> Check:
    if folder.free_bytes is None:
        return unknown(name, "the free space is not told", mend=mend)
    found = f"{size(folder.free_bytes)} free, {size(folder.used_bytes)} in use"
    if folder.free_bytes < LEAST_FREE_BYTES:
        return warning(name, found, mend=mend)
    return ok(name, found)


def _sharing(cache: Folder | Trouble, project: Folder) -> tuple[Check, ...]:
    """How outputs are restored; nothing to mend either way."""
    if isinstance(cache, Trouble) or cache.has_reflinks is None:
        return ()
    if not cache.has_reflinks:
        found = "none: a restore copies bytes"
    elif cache.device != project.device:
        found = "none to the project's file system, which is another: a restore copies bytes"
    else:
        found = "a restore shares the blocks of the cache"
    return (ok("cache-reflinks", found),)
