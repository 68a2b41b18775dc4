"""Projects to measure with: nested folders of input files and a build script, made in one call."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Literal

FILES_PER_FOLDER = 50
FOLDERS_PER_FOLDER = 20
PIECE_BYTES = 1 << 20
SEED = 20_240_229
"""The same contents in every run; any number would do."""

Content = Literal["random", "text"]


def write_tree(
    folder: Path, count: int, *, size_bytes: tuple[int, int], content: Content = "random"
) -> None:
    """Write `count` files of sizes within `size_bytes` (both included), two folders deep."""
    source = random.Random(SEED)
    for number in range(count):
        place = folder / _folder_of(number // FILES_PER_FOLDER)
        if number % FILES_PER_FOLDER == 0:
            place.mkdir(parents=True, exist_ok=True)
        with open(place / f"file{number:05}.dat", "wb") as file:
            left = source.randint(*size_bytes)
            while left:
                piece = _piece(source, min(left, PIECE_BYTES), content)
                file.write(piece)
                left -= len(piece)


def write_project(project: Path, inputs: int, steps: str) -> None:
    """A project of `inputs` files below `src` and a `build.sh` that takes `steps`."""
    write_tree(project / "src", inputs, size_bytes=(200, 2000), content="text")
    script = project / "build.sh"
    script.write_text(f"#!/bin/sh\nset -e\n{steps}\n", encoding="ascii")
    os.chmod(script, 0o755)


def edit_input(project: Path, text: str) -> None:
    """Change the content of one input, so that the next run is a miss."""
    (project / "src" / _folder_of(0) / "file00000.dat").write_text(text, encoding="ascii")


def _folder_of(number: int) -> str:
    return f"part{number // FOLDERS_PER_FOLDER:03}/group{number % FOLDERS_PER_FOLDER:02}"


def _piece(source: random.Random, length: int, content: Content) -> bytes:
    if content == "random":
        return source.randbytes(length)
    line = b"value_%08d = compute(first, second)  # line of a source file\n"
    lines = (line % source.randrange(10_000) for _ in range(length // 60 + 1))
    return b"".join(lines)[:length]
