"""What is too long for an event: files of the state folder that an event names by digest.

    STATE/blobs/DIGEST   gzip of JSON; DIGEST is the SHA-256 of the file, as in `sha256sum`

Kept as long as the journal's days are; whoever writes one drops, once a day, those that are
older.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from hashlib import sha256

from buildopt.cache import files

KEPT_S = 30 * 86_400
"""Age at which a blob is dropped: that of the journal."""
_DAY_S = 86_400
_GZIP = 31
"""`wbits` of zlib for the gzip form."""


def put(state: bytes, content: bytes, now_s: float) -> str:
    """Keep `content`; its digest, empty where it could not be kept."""
    if not state:
        return ""
    compressor = zlib.compressobj(1, wbits=_GZIP)
    data = compressor.compress(content) + compressor.flush()
    digest = sha256(data).hexdigest()
    folder = os.path.join(os.fsdecode(state), "blobs")
    try:
        files.publish(os.path.join(folder, digest), data)
    except OSError:
        return ""
    with contextlib.suppress(OSError):  # another may be tidying up as well
        _drop_old(folder, now_s)
    return digest


def get(state: bytes, digest: str) -> bytes:
    """The content of a blob; raises OSError where it is gone, ValueError where it is damaged."""
    data = files.read(os.path.join(os.fsdecode(state), "blobs", digest))
    if sha256(data).hexdigest() != digest:
        raise ValueError(f"damaged blob `{digest}`")
    return zlib.decompress(data, wbits=_GZIP)


def _drop_old(folder: str, now_s: float) -> None:
    mark = os.path.join(folder, ".dropped")
    if os.path.exists(mark) and now_s - os.stat(mark).st_mtime < _DAY_S:
        return
    files.publish(mark, b"")
    with os.scandir(folder) as items:
        old = [item.path for item in items if now_s - item.stat().st_mtime > KEPT_S]
    for path in old:
        os.unlink(path)
