"""The comment by which a generated file names its source map, and where that map is."""

from __future__ import annotations

import base64
import binascii
import os
import re
from urllib.parse import unquote_to_bytes

import msgspec

MARK = b"sourceMappingURL="
LONGEST_LEAD_BYTES = 64
"""Blanks, the comment's sign and blanks before the mark; looked at by a window so that a file
made of marks costs no more than its length."""

_LEAD = re.compile(rb"(?:\A|[\r\n])[ \t]*(//|/\*)[#@][ \t]*\Z")
_LINE_END = re.compile(rb"([^\s'\"]*)[^\S\r\n]*(?=[\r\n]|\Z)")
_BLOCK_END = re.compile(rb"([^\s'\"]*?)\s*\*/")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")


class MapComment(msgspec.Struct, frozen=True, kw_only=True):
    """Where the comment stands in the file, in bytes, and the address in it."""

    start: int
    end: int
    url: str

    @property
    def is_inline(self) -> bool:
        """Whether the map itself is in the comment."""
        return self.url[:5].lower() == "data:"


def find_map_comment(content: bytes) -> MapComment | None:
    """The last comment that begins its line and names a map."""
    mark = content.rfind(MARK)
    while mark >= 0:
        comment = _comment_at(content, mark)
        if comment:
            return comment
        mark = content.rfind(MARK, 0, mark)
    return None


def _comment_at(content: bytes, mark: int) -> MapComment | None:
    window_start = max(0, mark - LONGEST_LEAD_BYTES)
    lead = _LEAD.search(content[window_start:mark])
    if not lead or (window_start and lead.start() == 0 and content[window_start] not in b"\r\n"):
        return None
    pattern = _BLOCK_END if lead[1] == b"/*" else _LINE_END
    found = pattern.match(content, mark + len(MARK))
    if not found:
        return None
    start = window_start + lead.start(1)
    return MapComment(start=start, end=found.end(), url=found[1].decode("utf-8", "replace"))


def inline_map(url: str) -> bytes:
    """The map in a `data:` address; raises ValueError where it is broken."""
    head, comma, body = url.partition(",")
    if not comma:
        raise ValueError("the data address has no comma")
    data = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return data
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the data address is no base 64: {error}") from None


def map_candidates(path: str, url: str, top: str) -> tuple[str, ...]:
    """Paths where the map of the file `path` may be; `top` is the output folder."""
    beside = path + ".map"
    if not url or url.startswith(("data:", "//")) or _SCHEME.match(url):
        return (beside,)
    name = os.fsdecode(unquote_to_bytes(re.split(r"[?#]", url, maxsplit=1)[0]))
    if "\0" in name or not name:
        return (beside,)
    folder = top if name.startswith("/") else os.path.dirname(path)
    named = os.path.normpath(os.path.join(folder, name.lstrip("/")))
    return (named, beside)
