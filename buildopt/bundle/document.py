"""The JSON document of an analysis: its records, key for key."""

from __future__ import annotations

import msgspec

from buildopt.bundle.model import (
    SCHEMA,
    Analysis,
    ArchiveAnalysis,
    ArchiveFolder,
    BundleAnalysis,
)
from buildopt.bundle.reading import TooLarge, read_whole
from buildopt.errors import UsageError

LARGEST_BYTES = 1_000_000_000
_KINDS: dict[str, type[Analysis]] = {
    "bundle": BundleAnalysis,
    "archive": ArchiveAnalysis,
    "archives": ArchiveFolder,
}


class _Head(msgspec.Struct):
    schema: int
    kind: str


def encode(analysis: object) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(analysis) + b"\n"


def load(path: str) -> Analysis:
    """The analysis that was written to a file; raises UsageError."""
    try:
        return decode(read_whole(path, LARGEST_BYTES), path)
    except (OSError, TooLarge) as error:
        raise _unfit(path, str(error)) from error


def decode(data: bytes, path: str) -> Analysis:
    """The analysis in a document, which came from `path`; raises UsageError."""
    try:
        head = msgspec.json.decode(data, type=_Head)
        if head.schema != SCHEMA or head.kind not in _KINDS:
            raise _unfit(path, f"schema {head.schema} and kind `{head.kind}` are not ours")
        return msgspec.json.decode(data, type=_KINDS[head.kind])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unfit(path, str(error)) from error


def _unfit(path: str, why: str) -> UsageError:
    return UsageError(
        f"cannot read `{path}` as an analysis: {why}",
        hint="write one with `buildopt bundle --json`, or give the folder itself",
        slug="no-analysis",
    )
