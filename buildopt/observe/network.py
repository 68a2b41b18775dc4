"""Which connections of a run leave it unrepeatable, and which do not count.

A connection to an address on which a process of the run itself listens is part of the run.
Any other may bring in what the next run would get differently, but for a documented list.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from buildopt.observe.ignored import TracePolicy

HARMLESS_SOCKETS = (
    "/run/nscd/",
    "/var/run/nscd/",
    "/run/systemd/resolve/",
    "/run/systemd/userdb/",
    "/run/systemd/journal/",
    "/run/dbus/",
    "/var/run/dbus/",
    "/dev/log",
    "/var/run/syslog",
    "/run/uuidd/",
)
"""Name look-ups, logs and the system's buses: they answer what `/etc` says, or nothing."""
HARMLESS_ABSTRACT = re.compile(r"@/tmp/(?:dbus-|\.X11-unix/|\.ICE-unix/)|@/dbus-vfs-daemon/")
NAME_SERVICE_PORT = "53"
UNCONNECTED_PORT = "0"
"""glibc connects datagram sockets to port 0 to sort addresses (RFC 3484); nothing is sent."""

UPDATE_CHECKERS = frozenset({"npm", "npx", "pnpm", "yarn", "next", "nuxt", "ng", "astro", "turbo"})
"""Tools that ask for newer versions of themselves or report their use, off the build's path."""
INTERPRETERS = frozenset({"node", "nodejs", "bun", "deno", "sh", "bash", "dash", "env"})
FETCHING_WORDS = frozenset(
    [
        "install",
        "i",
        "ci",
        "add",
        "update",
        "upgrade",
        "up",
        "dlx",
        "exec",
        "publish",
        "audit",
        "outdated",
        "view",
        "info",
        "fetch",
        "import",
        "create",
        "init",
        "link",
        "dedupe",
        "rebuild",
        "self-update",
    ]
)
"""What such a tool is told when the connection is its very purpose."""


def is_harmless(address: str, argv: Sequence[str], policy: TracePolicy) -> bool:
    """Whether a connection to `address` by the process `argv` may be left out of account."""
    if policy.network == "ignore" or _is_allowed(address, policy.allow_hosts):
        return True
    if address.startswith("unix:"):
        path = address.removeprefix("unix:")
        return path.startswith(HARMLESS_SOCKETS) or HARMLESS_ABSTRACT.match(path) is not None
    if address.startswith("family:"):
        return False
    port = address.rpartition(":")[2]
    return port in (NAME_SERVICE_PORT, UNCONNECTED_PORT) or is_update_check(argv)


def is_update_check(argv: Sequence[str]) -> bool:
    """Whether the process is a tool that asks the network about itself only."""
    words = [word for word in argv if not word.startswith("-")]
    if words and os.path.basename(words[0]) in INTERPRETERS:
        words = words[1:]
    if not words:
        return False
    name = re.sub(r"(?:-cli)?\.[cm]?js$", "", os.path.basename(words[0]))
    return name in UPDATE_CHECKERS and not FETCHING_WORDS.intersection(words[1:])


def _is_allowed(address: str, allowed: Sequence[str]) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    plain = address.removeprefix("unix:")
    return any(entry in (address, plain, host) for entry in allowed)
