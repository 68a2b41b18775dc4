"""Programs whose looks at a file ask for less, or for more, than most: known by their arguments."""

from __future__ import annotations

import os
from collections.abc import Sequence

from buildopt.observe.ignored import TOOLS_BY_TIME, UNREAD_BY_TSC

_LIMITS = "--max-"
"""Options of Node.js that load nothing, as `--max-old-space-size=4096`."""


def goes_by_times(argv: Sequence[str]) -> bool:
    """Whether a program decides by times."""
    return bool(argv) and os.path.basename(argv[0]) in TOOLS_BY_TIME


def asks_for_kind_only(argv: Sequence[str], path: str) -> bool:
    """Whether a look of the program at `path` asks no more than what kind of thing is there."""
    return path.endswith(UNREAD_BY_TSC) and _program(argv) == "tsc"


def _program(argv: Sequence[str]) -> str:
    """The name of the program, or of the script that Node.js runs and loads nothing before."""
    words = [os.path.basename(word) for word in argv]
    if words[:1] != ["node"]:
        return words[0] if words else ""
    return next((word for word in words[1:] if not word.startswith(_LIMITS)), "")
