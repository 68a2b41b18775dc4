"""What is measured, a function each; every one makes its own project and cache and removes them."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

from pairs import Case, Side, do_nothing, time_once, time_pairs
from workload import Content, edit_input, write_project, write_tree

MB = 1_000_000
LARGE_FILES = 4
LARGE_FILE_BYTES = 50 * MB
SMALL_FILES = 5_000
SMALL_FILE_BYTES = (2_000, 4_000)
COPY = ("cp", "-r", "--reflink=never")
OPTIONS = (
    "run", "--observe", "declared",
    "--input", "src", "--input", "build.sh", "--output", "out", "--",
)  # fmt: skip


class Bench(NamedTuple):
    """A folder with a project, the tree that its build script copies, and a cache."""

    top: Path
    project: Path
    template: Path
    environment: dict[str, str]

    def bare(self, prepare: Callable[[], None], *argv: str) -> Side:
        """A command without buildopt."""
        return Side(argv, self.project, self.environment, prepare)

    def wrapped(self, prepare: Callable[[], None], must_say: str) -> Side:
        """The build script through the installed program."""
        program = os.path.join(os.path.dirname(sys.executable), "buildopt")
        argv = (program, *OPTIONS, "./build.sh")
        return Side(argv, self.project, self.environment, prepare, must_say)

    def remove_copies(self) -> None:
        """Take away what either side made, and let its pages be written before the clock runs."""
        for copied in (self.project / "out", self.top / "copy"):
            shutil.rmtree(copied, ignore_errors=True)
        os.sync()

    def remove_copies_and_cache(self) -> None:
        """The same, with all that was recorded."""
        shutil.rmtree(self.top / "cache", ignore_errors=True)
        self.remove_copies()


def unchanged(place: Path, pairs: int, inputs: int, target: float) -> Case:
    """A run with nothing changed, against the start of the interpreter."""
    with _bench(place) as bench:
        write_project(bench.project, inputs, "mkdir -p out\necho done > out/done")
        ours = bench.wrapped(do_nothing, "buildopt: fresh")
        time_once(ours._replace(must_say=""))
        base = bench.bare(do_nothing, sys.executable, "-c", "pass")
        title = f"unchanged run, {inputs:,} inputs, against `python -c pass`"
        return Case(title, "ratio", target, *time_pairs(ours, base, pairs))


def miss(place: Path, pairs: int) -> Case:
    """A run with an edited input, against the same script alone."""
    with _bench(place) as bench:
        write_project(bench.project, 200, "mkdir -p out\nsleep 0.01\necho done > out/done")
        numbers = count()
        ours = bench.wrapped(
            lambda: edit_input(bench.project, f"edit {next(numbers)}\n"), "; stored"
        )
        base = bench.bare(do_nothing, "./build.sh")
        title = "miss of a 10 ms command, 200 inputs, more than the command alone"
        return Case(title, "difference", 0.120, *time_pairs(ours, base, pairs))


def restore_small(place: Path, pairs: int) -> Case:
    """Giving back many small files, against copying them."""
    with _bench(place) as bench:
        write_tree(bench.template, SMALL_FILES, size_bytes=SMALL_FILE_BYTES)
        title = f"restoring {SMALL_FILES:,} files of 2–4 kB, against `cp -r`"
        return Case(title, "ratio", 1.3, *_restored(bench, pairs))


def restore_large(place: Path, pairs: int, content: Content) -> Case:
    """Giving back a few large files, against copying them."""
    with _bench(place) as bench:
        _write_large(bench, content)
        title = f"restoring 200 MB of {content} in {LARGE_FILES} files, against `cp -r`"
        return Case(title, "ratio", 0.6, *_restored(bench, pairs))


def store_large(place: Path, pairs: int) -> Case:
    """Running and storing what was made, against the same script alone."""
    with _bench(place) as bench:
        _write_large(bench, "random")
        _write_copying_project(bench)
        ours = bench.wrapped(bench.remove_copies_and_cache, "; stored")
        base = bench.bare(bench.remove_copies, "./build.sh")
        title = f"storing 200 MB of random in {LARGE_FILES} files, more than the command alone"
        return Case(title, "difference", 0.6, *time_pairs(ours, base, pairs))


def _restored(bench: Bench, pairs: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    _write_copying_project(bench)
    ours = bench.wrapped(bench.remove_copies, "buildopt: restored")
    time_once(ours._replace(must_say=""))
    copy = (*COPY, str(bench.template), str(bench.top / "copy"))
    return time_pairs(ours, bench.bare(bench.remove_copies, *copy), pairs)


def _write_large(bench: Bench, content: Content) -> None:
    write_tree(bench.template, LARGE_FILES, size_bytes=(LARGE_FILE_BYTES,) * 2, content=content)


def _write_copying_project(bench: Bench) -> None:
    """A build that makes a copy of the template, which is no input of it."""
    write_project(bench.project, 20, f"{' '.join(COPY)} '{bench.template}' out")


@contextmanager
def _bench(place: Path) -> Iterator[Bench]:
    """An empty bench below `place`; nothing of the caller's settings or cache is seen in it."""
    top = Path(tempfile.mkdtemp(prefix="buildopt-bench-", dir=place))
    try:
        (top / "project").mkdir()
        environment = {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(top),
            "BUILDOPT_CACHE_DIR": str(top / "cache"),
            "BUILDOPT_STATE_DIR": str(top / "state"),
        }
        yield Bench(top, top / "project", top / "template", environment)
    finally:
        shutil.rmtree(top, ignore_errors=True)
