"""Which environment variables count, and their digests; their values go nowhere else.

In the key is every variable but those that no build result depends on (`hit.IGNORED_NAMES`,
`hit.IGNORED_PREFIXES`; docs/environment.md), our own, what a package manager sets for its
scripts, and what the settings leave out.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from hashlib import blake2b

from buildopt import hit
from buildopt.cache.tokens import Tokens
from buildopt.model import Task

OWN_PREFIX = "BUILDOPT_"
"""What of these changes a record is in the task's key as a setting."""
SCRIPT_PREFIXES = ("npm_", "NPM_")
NAMED_PREFIXES = ("npm_config_", "npm_package_")
"""They count all the same where the command names them."""
SCRIPT_NAMES = frozenset({"INIT_CWD", "NODE"})
"""Set by npm, pnpm and yarn for the scripts they start, new at each call."""
SCRIPT_MARK = "npm_lifecycle_event"
PLACE_NAMES = frozenset({"HOME", "TMPDIR"})
"""What `$HOME` and `$TMP` stand for: they count as they are, since a result may hold them. Of the
project's folder that is found out by searching the result for it (store.py)."""


def digests(task: Task, secret: bytes, tokens: Tokens) -> dict[str, str]:
    """Keyed BLAKE2b of each variable of `task` that counts, by name."""
    inside_script = SCRIPT_MARK in task.environment
    if task.environment.get("PWD", task.directory) == task.directory:
        named_folder = {}
    else:  # reached through a link: what a shell prints as its folder is another text
        named_folder = {"PWD": _digest(tokens.shorten_text(task.environment["PWD"]), secret)}
    return named_folder | {
        name: _digest(value if name in PLACE_NAMES else tokens.shorten_text(value), secret)
        for name, value in sorted(task.environment.items())
        if counts(name, inside_script=inside_script and not _is_named(name, task))
        and not any(fnmatchcase(name, pattern) for pattern in task.ignored_variables)
    }


def counts(name: str, *, inside_script: bool) -> bool:
    """Whether a variable may change a result."""
    if name.startswith(OWN_PREFIX) or not hit.counts(os.fsencode(name)):
        return False
    return not (inside_script and (name.startswith(SCRIPT_PREFIXES) or name in SCRIPT_NAMES))


def _is_named(name: str, task: Task) -> bool:
    """Whether the command's own words name a variable of the package manager."""
    return name.startswith(NAMED_PREFIXES) and any(name in word for word in task.argv)


def _digest(value: str, secret: bytes) -> str:
    return blake2b(os.fsencode(value), key=secret, digest_size=16).hexdigest()
