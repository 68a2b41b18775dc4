"""Random shell scripts, trees and changes between runs: all from one seed, and made smaller.

A case is plain data, so that what fails can be cut down step by step and printed whole.
"""

from __future__ import annotations

import os
import random
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

FILES = ("a", "b", "c.txt", "d/x", "d/y.txt", "e/w", "d/s/z")
FOLDERS = ("d", "e", "d/s", "f")
LINKS = ("l", "m", "d/k")
PATHS = FILES + FOLDERS + LINKS
TARGETS = ("a", "d", "d/x", "nowhere", "s/z")
LONGEST_SCRIPT = 10
RUNS = 5
SUCCESS_RATIO = 0.6
"""Of scripts that end well whatever happens in them: one that fails is not recorded."""
SORTED_LIST = "ls -l --time-style=+ {g} 2>/dev/null | sed -e /^total/d -e 's/^\\([^ ]*\\).* /\\1 /'"

TEMPLATES = (
    "cat {p}",
    "cat {f} >> {g}",
    "cat {f} > {g}",
    "cat d/*.txt",
    "cat *.txt > {f}",
    "cat {f} 2>/dev/null || cat {g}",
    "echo one > {p}",
    "echo more >> {f}",
    "cp {f} {p}",
    "cp -u {f} {g}",
    "cp -u d/* f/",
    "cp -r {d} f.copy",
    "cp -r e {d}.copy",
    "cp -p {f} {g}",
    "mv {p} {q}",
    "mv -n {f} {g}",
    "rm -f {p}",
    "rm -rf {d}",
    "rm -rf {d}; mkdir {d}; cp {f} {d}/",
    "rmdir {d}",
    "mkdir {d}",
    "mkdir -p {d}",
    "ls {d}",
    "ls -R",
    SORTED_LIST,
    "test -e {p} && echo there",
    "test -s {f} && echo filled",
    "test -x {f} && echo executable",
    "test -d {d} || echo no folder",
    "ln -s {t} {l}",
    "ln -sf {t} {l}",
    "ln -sfn {d} {l}",
    "readlink {l}",
    "cat {l}",
    "cat {l}/x",
    "chmod +x {f}",
    "chmod 644 {f}",
    "sort -o {f} {g}",
    "sort -o {f} {f}",
    "set -C; echo new > {f}; set +C",
    "cat {f} > .tmp && mv .tmp {g}",
    "mkdir tmp.d && echo x > tmp.d/one && mv tmp.d {e}",
    "n=$(cat {f} 2>/dev/null | wc -c); echo $n > {g}",
    "t=$(mktemp -p . t.XXXXXX) && cat {f} > $t; cat $t; rm -f $t",
    "if cd d 2>/dev/null; then cat ../{f}; cd ..; fi",
    "truncate -s 2 {f}",
    "find {d} -type f | sort",
    "touch {f}",
    "make -s",
    "make x",
    "sh incremental",
)
TIMELESS_TEMPLATES = tuple(t for t in TEMPLATES if not t.startswith(("cp -u", "make")))
"""Commands that do not go by times: a step that is answered gives its outputs new ones."""
MANAGER = '#!/bin/sh\nexec "${npm_config_script_shell:-/bin/sh}" -c "$1"\n'
"""Starts a script as npm does."""
MAKEFILE = "all: x y\nx: a\n\tcp a x\ny: b\n\tcat b b > y\n"
"""Two outputs whose inputs may change one at a time."""
INCREMENTAL = """\
mkdir -p out
known=$(cat s.tsbuildinfo 2>/dev/null)
for name in a b; do
    text=$(cat $name 2>/dev/null)
    case $known in *"[$name=$text]"*) ;; *) echo "$text" > out/$name ;; esac
    now="$now[$name=$text]"
done
echo "$now" > s.tsbuildinfo
"""
"""As `tsc -b`: writes only what changed by its own account, and never looks at what it wrote."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is done to the tree between two runs."""

    kind: str
    path: str
    text: str

    def apply(self, root: Path) -> None:
        """Do it; where it cannot be done nothing happens."""
        path = root / self.path
        try:
            if self.kind == "write":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self.text)
            elif self.kind == "remove":
                _remove(path)
            elif self.kind == "folder":
                path.mkdir()
            elif self.kind == "mode":
                path.chmod(path.stat().st_mode ^ 0o111)
            elif self.kind == "link":
                path.symlink_to(self.text)
            elif self.kind == "rename":
                path.rename(root / self.text)
            else:
                self._rewrite(path)
        except OSError:
            pass

    def _rewrite(self, path: Path) -> None:
        """Other content of the same size under the same times."""
        status = path.stat()
        content = path.read_bytes()
        path.write_bytes(bytes(byte ^ 1 if byte > 64 else byte for byte in content))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@dataclass(frozen=True, slots=True)
class FuzzCase:
    """A script, the tree that it starts from, and what is changed before each run."""

    seed: int
    lines: tuple[str, ...]
    changes: tuple[tuple[Change, ...], ...]
    has_steps: bool = False
    """Each line is a script that a package manager starts, and so has a record of its own."""

    @property
    def script(self) -> str:
        """The text of `script.sh`."""
        lines = self.lines
        if self.has_steps:
            lines = tuple(f"./npm {shlex.quote(line)}" for line in lines)
        return "\n".join(lines) + "\n"

    def __str__(self) -> str:
        rows = [f"seed {self.seed}", *(f"    {line}" for line in self.lines)]
        for number, changes in enumerate(self.changes):
            rows.append(f"  before run {number}:")
            rows += [f"    {c.kind} {c.path} {c.text!r}" for c in changes]
        return "\n".join(rows)


def case_for(seed: int, longest: int = LONGEST_SCRIPT, *, has_steps: bool = False) -> FuzzCase:
    """The case of a seed, whose script has at most so many lines."""
    chance = random.Random(seed)
    templates = TIMELESS_TEMPLATES if has_steps else TEMPLATES
    lines = [_line(chance, templates) for _ in range(chance.randint(1, longest))]
    if chance.random() < SUCCESS_RATIO:
        lines.append("true")
    names = iter(f"text {seed} {number}\n" for number in range(1000))
    first = [Change("write", path, next(names)) for path in FILES if chance.random() < 0.6]
    first += [_change(chance, next(names)) for _ in range(3)]
    changes = [tuple(first)]
    for _ in range(RUNS - 1):
        count = chance.choice((0, 0, 1, 1, 2, 3))
        changes.append(tuple(_change(chance, next(names)) for _ in range(count)))
    return FuzzCase(seed, tuple(lines), tuple(changes), has_steps)


def smaller(case: FuzzCase) -> Iterator[FuzzCase]:
    """Cases with one thing less, the largest cuts first."""
    for number in range(len(case.changes) - 1, 0, -1):
        yield replace(case, changes=case.changes[:number])
        yield replace(case, changes=case.changes[:number] + case.changes[number + 1 :])
    for number in range(len(case.lines)):
        yield replace(case, lines=case.lines[:number] + case.lines[number + 1 :])
    for run, changes in enumerate(case.changes):
        for number in range(len(changes)):
            fewer = changes[:number] + changes[number + 1 :]
            yield replace(case, changes=(*case.changes[:run], fewer, *case.changes[run + 1 :]))


def plant(case: FuzzCase, root: Path) -> None:
    """The tree before anything is changed: script, makefile and an incremental tool."""
    root.mkdir(parents=True)
    if case.has_steps:
        (root / "npm").write_text(MANAGER)
        (root / "npm").chmod(0o755)
    (root / "script.sh").write_text(case.script)
    (root / "Makefile").write_text(MAKEFILE)
    (root / "incremental").write_text(INCREMENTAL)


def _line(chance: random.Random, templates: tuple[str, ...]) -> str:
    return chance.choice(templates).format(
        p=chance.choice(PATHS),
        q=chance.choice(PATHS),
        f=chance.choice(FILES),
        g=chance.choice(FILES),
        d=chance.choice(FOLDERS),
        e=chance.choice(FOLDERS),
        l=chance.choice(LINKS),
        t=chance.choice(TARGETS),
    )


def _change(chance: random.Random, text: str) -> Change:
    kind = chance.choice(
        (
            "write",
            "write",
            "write",
            "remove",
            "remove",
            "folder",
            "mode",
            "link",
            "rename",
            "rewrite",
        )
    )
    path = chance.choice((*PATHS, "x", "y"))
    if kind == "link":
        text = chance.choice(TARGETS)
    elif kind == "rename":
        text = chance.choice(PATHS)
    return Change(kind, path, text)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
