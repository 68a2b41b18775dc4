"""Which paths an archive holds in what is packed in it: such a one serves no other place."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterable, Iterator


def held_in(path: str, places: Iterable[str]) -> list[str]:
    """Those of `places` that stand in a file of the wheel or sdist at `path`."""
    left = {os.fsencode(place): place for place in places}
    held: list[str] = []
    for content in _contents(path):
        met = [needle for needle in left if needle in content]
        held += [left.pop(needle) for needle in met]
        if not left:
            break
    return held


def _contents(path: str) -> Iterator[bytes]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as wheel:
            yield from (wheel.read(name) for name in wheel.namelist())
        return
    with tarfile.open(path) as sdist:
        for member in sdist:
            file = sdist.extractfile(member)
            yield file.read() if file else os.fsencode(member.linkname)
