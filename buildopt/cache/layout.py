"""Where each thing of the cache stands, and the cache's secret.

    CACHEDIR.TAG                       tells backup programs to pass by
    v1/secret                          32 random bytes that key the digests of variables
    v1/swept                           lock of all sweeps; its time is when the last one began
    v1/hits/KEY                        hit indexes (hit.py)
    v1/records/PROJECT/TASK/…          traces of a task; task.json, which says what it is; and
                                       `evicted`, where its records were taken (tombstones.py)
    v1/entries/KEY                     what a run left behind
    v1/artifacts/AA/DIGEST[.zst]       contents of outputs and streams
    v1/checkouts/CHECKOUT/memo         signature memo of one checkout
    v1/checkouts/CHECKOUT/TASK.lock    held by the run that looks up, builds or restores (locks.py)
    v1/checkouts/CHECKOUT/TASK.alive   held by processes of the task's runs (survivors.py)
    v1/checkouts/CHECKOUT/TASK.owned   what the task has made there (ownership.py)
    v1/checkouts/CHECKOUT/TASK.plan    a restore that is under way (restore.py)

The folder is the user's alone (0700). Everything is a plain file replaced by rename.
"""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple

from buildopt import places
from buildopt.cache import files
from buildopt.errors import BuildoptError

CACHEDIR_TAG = b"""Signature: 8a477f597d28d172789f06886806bc55
# This file marks a cache directory of buildopt; see https://bford.info/cachedir/
"""
SWEEP_MARK = "swept"
"""Below the folder of the format."""


class Layout(NamedTuple):
    """Paths below the cache folder `top`."""

    top: str

    @property
    def base(self) -> str:
        """Folder of this format's files."""
        return os.path.join(self.top, os.fsdecode(places.FORMAT))

    @property
    def sweep_mark(self) -> str:
        """The file that a sweep locks, and whose time is when the last one began."""
        return os.path.join(self.base, SWEEP_MARK)

    def artifact(self, digest: str) -> str:
        """A content's file, without the suffix that a compressed one has."""
        return os.path.join(self.base, "artifacts", digest[:2], digest)

    def entry(self, key: str) -> str:
        """The file of an entry."""
        return os.path.join(self.base, "entries", key)

    def project(self, project: str) -> str:
        """Folder with a folder for each task of a project."""
        return os.path.join(self.base, "records", short_digest(project))

    def task(self, project: str, task_key: str) -> str:
        """Folder of a task's records."""
        return os.path.join(self.project(project), task_key)

    def checkout(self, root: str) -> str:
        """Folder of what is kept for one checkout."""
        return os.path.join(self.base, "checkouts", short_digest(root))


def short_digest(text: str) -> str:
    """A file name for a text: 32 hex digits of its SHA-256."""
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:32]


def open_cache(top: str) -> tuple[Layout, bytes]:
    """Make the cache folder where it is missing; its layout and secret.

    Raises BuildoptError where it cannot be used.
    """
    layout = Layout(top)
    try:
        os.makedirs(layout.top, 0o700, exist_ok=True)
        os.makedirs(layout.base, 0o700, exist_ok=True)
        return layout, _secret(layout)
    except OSError as error:
        raise BuildoptError(
            f"cannot use the cache folder `{top}`: {error.strerror}",
            hint="set BUILDOPT_CACHE_DIR to a folder that can be written",
            slug="cache-folder",
        ) from error


def _secret(layout: Layout) -> bytes:
    path = os.path.join(layout.base, "secret")
    try:
        secret = files.read(path)
        if len(secret) == 32:
            return secret
    except FileNotFoundError:
        pass
    files.publish(os.path.join(layout.top, "CACHEDIR.TAG"), CACHEDIR_TAG, 0o644)
    files.publish(path, os.urandom(32))
    return files.read(path)
