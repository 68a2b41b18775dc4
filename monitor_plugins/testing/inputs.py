"""When two runs of tests had the same inputs, as far as that can be known.

In CI the commit tells. Elsewhere the look-up does, where each of its reasons has the digests of
before and after: a run that failed is not stored, so that the same command is held against the
same record again, and the same reasons mean the same files. Whatever says less is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

_DIGEST = re.compile(r"[0-9a-f]{12}( or [0-9a-f]{12})*")
_STATED = frozenset({"file-changed", "tool-changed", "environment"})

Data = Mapping[str, Any]  # Any: JSON


def of_lookup(data: Data) -> str:
    """A name for the inputs of a run by one look-up of it; empty where they are not known."""
    reasons = data.get("miss_reasons")
    if not isinstance(reasons, list) or not reasons or data.get("reasons_left_out"):
        return ""
    rows = [_row(reason) for reason in reasons]
    if not all(rows):
        return ""
    return digest(str(data.get("task")), *sorted(filter(None, rows)))


def of_commit(commit: object, environment: str) -> str:
    """The same by what was checked out; in CI nobody edits it between."""
    is_known = environment == "ci" and isinstance(commit, str) and bool(commit)
    return digest("commit", str(commit)) if is_known else ""


def together(known: Iterable[str]) -> str:
    """All look-ups of a run: one that is not known leaves all of it unknown."""
    every = sorted(known)
    return digest(*every) if every and all(every) else ""


def digest(*words: str) -> str:
    """Sixteen hexadecimal digits."""
    return blake2b("\0".join(words).encode(), digest_size=8).hexdigest()


def _row(reason: object) -> str:
    """A reason that tells states by digests; empty for any other."""
    if not isinstance(reason, Mapping) or reason.get("kind") not in _STATED:
        return ""
    before, after = str(reason.get("before", "")), str(reason.get("after", ""))
    if not _DIGEST.fullmatch(before) or not _DIGEST.fullmatch(after):
        return ""
    return "\0".join((str(reason["kind"]), str(reason.get("subject")), before, after))
