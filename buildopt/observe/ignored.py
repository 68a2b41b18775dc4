"""Paths that do not count as any other does, as documented data, and the policy made of them.

    place       dependency                     output                 shown by a listing
    PLAIN       yes                            yes                    yes
    HIDDEN      no                             no                     no
    STATE       holds as found or as left      `restored_state` only  no
    TEMPORARY   what was there before the run  no                     listings are ignored

Patterns are those of fnmatch, name by name; one without a leading `/` or `~/` matches at any
depth. `X/**` is `X` and everything below it, and so is every other pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from buildopt.model import NetworkMode

PSEUDO_FOLDERS = ("/proc", "/sys", "/dev")
"""What the kernel makes up: it tells of processes, devices and limits, never of a project."""
SHARED_MEMORY = "/dev/shm"
"""A file system like any other, used for temporary files."""
TEMPORARY_FOLDERS = ("/tmp", "/var/tmp", SHARED_MEMORY)

PRIVATE = (
    "__pycache__/**",
    "node_modules/.cache/**",
    "node_modules/.vite/**",
    "node_modules/.vite-temp/**",
    ".eslintcache",
    ".mypy_cache/**",
    ".ruff_cache/**",
    ".parcel-cache/**",
    ".next/cache/**",
    "~/.npm/_logs/**",
    "~/.npm/_cacache/**",
    "~/.npm/_update-notifier-last-checked",
    "~/.cache/pip/**",
    "v8-compile-cache-[0-9]*/**",
    "node-compile-cache/**",
    "yarn--[0-9]*-0.[0-9]*/**",
)
"""Caches and logs whose tools promise that they never change a result.

Sound for `__pycache__` only because a stat of a source counts as its content: with a warm
cache Python merely stats `m.py`. Of the compiled code that Node.js tools keep because each source
is read and compared. What yarn 1 makes for each of its runs only starts the programs that are
seen themselves (`cache/search_path.py`)."""
STATE = ("*.tsbuildinfo", ".pytest_cache/**", ".git/index")
"""What a tool keeps from run to run and does look at; git rewrites its index on `status`."""
RESTORED_STATE = ("*.tsbuildinfo",)
"""State that belongs to the outputs: out of step with `dist` it makes tsc emit too little."""

TOOLS_BY_TIME = frozenset({"make", "gmake", "ninja"})
"""Tools that decide by times: to them an empty file is a stamp, and its time counts."""
UNREAD_BY_TSC = (
    ".css", ".scss", ".sass", ".less", ".styl", ".pcss", ".html", ".md", ".svg", ".png", ".jpg",
    ".jpeg", ".gif", ".webp", ".avif", ".ico", ".woff", ".woff2", ".ttf", ".otf", ".eot",
)  # fmt: skip
"""Endings of files that the compiler of TypeScript never opens. It looks whether what is imported
is there, and whether it is a folder; size and times it asks for of sources and outputs only."""

RESOLVER_NAMES = (
    "package.json", "node_modules", "tsconfig.json", "tsconfig.base.json", "jsconfig.json",
    ".npmrc", ".pnp.cjs", ".pnp.js", ".pnp.loader.mjs", ".env", ".env.local",
    ".env.development", ".env.production", ".env.test", "pnpm-workspace.yaml", ".git",
    "pyproject.toml",
)  # fmt: skip
"""What resolvers look for in a listing of a folder above the project, by name."""
RESOLVER_PATTERNS = re.compile(r"tsconfig.*\.json|\.pnp\..*|\.env.*", re.DOTALL)
"""Names that count there when they exist."""


class Place(IntEnum):
    """How a path counts; the table above."""

    PLAIN = 0
    HIDDEN = 1
    STATE = 2
    TEMPORARY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePolicy:
    """What a trace takes for an input or an output; every path is absolute."""

    root: str
    """The project's root."""
    home: str = ""
    temporary_folders: tuple[str, ...] = TEMPORARY_FOLDERS
    """`TMPDIR` and these; what lies below the root is never temporary."""
    ignored_folders: tuple[str, ...] = ()
    """Our own cache and state folders."""
    private: tuple[str, ...] = PRIVATE
    """Empty with `--strict-private`."""
    state: tuple[str, ...] = STATE
    restored_state: tuple[str, ...] = RESTORED_STATE
    ignore: tuple[str, ...] = ()
    """Further paths that are neither input nor output."""
    umask: int = 0o022
    """That with which the command starts."""
    strict_outputs: bool = False
    """No adoption of own outputs: what an earlier run made is a dependency like any file."""
    told_files: tuple[str, ...] = ()
    """What we write about the run after it; a listing leaves them out unless they are looked at."""
    network: NetworkMode = "uncacheable"
    allow_hosts: tuple[str, ...] = ()
    """Addresses, `HOST` or `HOST:PORT`, or socket paths, to which a connection is harmless."""

    def fields(self) -> tuple[Any, ...]:  # Any: of the type of each
        """Plain values, of which `policy_of` makes the same again in another process."""
        return tuple(getattr(self, name) for name in self.__slots__)


def policy_of(fields: tuple[Any, ...]) -> TracePolicy:  # Any: as `TracePolicy.fields` gave them
    """The policy with these fields."""
    return TracePolicy(**dict(zip(TracePolicy.__slots__, fields, strict=True)))
