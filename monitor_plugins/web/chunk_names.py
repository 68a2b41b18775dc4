"""Names of files that bundlers write: `assets/index-DgX3kP_1.js` is the chunk `index.js`."""

from __future__ import annotations

import re

_HASHED = re.compile(r"(.+?)[-.]([\w-]{8}|[0-9A-Za-z]{9,40})(\.(?:m?js|css))")
"""Rollup and esbuild write eight characters, webpack up to 20 hexadecimal ones."""
_WORDS = re.compile(r"[A-Za-z][a-z]{2,}(?:[A-Z][a-z]{2,})*")
"""One hash of eight characters in 150 looks like this too, and is taken for a word."""
IS_CHUNK = re.compile(r".+\.(?:m?js|css)")


def base_of(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]


def folder_of(path: str) -> str:
    """All but the last part of a path."""
    return path.rpartition("/")[0]


def chunk_of(path: str) -> str:
    """The name of a chunk without what changes with its content."""
    name = base_of(path)
    found = _HASHED.fullmatch(name)
    return found[1] + found[3] if found and _is_hash(found[2]) else name


def is_hashed(path: str) -> bool:
    """Whether the name tells the content: only such a name tells a build."""
    found = _HASHED.fullmatch(base_of(path))
    return found is not None and _is_hash(found[2])


def _is_hash(text: str) -> bool:
    """Words are none: `main-settings.js`, `view-UserProfile.js`."""
    return any(c.isdigit() or c.isupper() for c in text) and not _WORDS.fullmatch(text)
