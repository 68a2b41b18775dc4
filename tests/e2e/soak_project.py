"""The project of a soak: a build whose right answer is known for every state of its inputs.

A state is two digits, one for each input file. A build removes what it made, makes it anew from
the two digits, and notes its start in a log outside, one line by one write, so that executions
can be counted.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from tests.rig import tree

TASKS = {"red": "declared", "green": "seccomp"}
"""Tasks by name, and how each is observed; every one makes a folder of its own."""
STATES = ("00", "11", "22", "33", "44")
"""The states that edits lead to; one that comes between them is a mixture of two."""
BIG_BYTES = 1_200_000
"""More than one piece of a copy (1 MiB)."""

SCRIPT = r"""#!/bin/sh
# build.sh TASK LOG: what it makes is decided by src/first and src/second alone.
read -r first < src/first
echo "execution ${PWD##*/} $1 $first $$" >> "$2"
out=out-$1
rm -rf "$out"
mkdir -p "$out/empty" "$out/sub"
echo "$first" > "$out/only-$first"
head -c @BIG@ /dev/zero | tr '\0' "$first" > "$out/big"
read -r second < src/second
echo "$second" > "$out/sub/second"
chmod 755 "$out/only-$first"
ln -s "only-$first" "$out/link"
echo "built $1 from $first"
echo "and $second"
"""


class Copy(NamedTuple):
    """One work tree of the project; all share one cache."""

    root: Path

    @property
    def name(self):
        return self.root.name

    def make(self):
        (self.root / "src").mkdir(parents=True)
        script = self.root / "build.sh"
        script.write_text(SCRIPT.replace("@BIG@", str(BIG_BYTES)))
        script.chmod(0o755)
        (self.root / ".git").mkdir()
        (self.root / ".git" / "config").write_text('[remote "origin"]\n\turl = https://soak/x\n')

    def set_state(self, state, *, in_place):
        """Bring the inputs to a state, one after the other."""
        for name, digit in zip(("first", "second"), state, strict=True):
            path = self.root / "src" / name
            if in_place:
                path.write_text(f"{digit}\n")
                continue
            new = self.root / f".{name}.new"
            new.write_text(f"{digit}\n")
            new.rename(path)

    def made(self, task):
        return tree(self.root / f"out-{task}")

    def litter(self):
        """Temporaries of ours among the project's files."""
        return [path for path in self.root.rglob("*") if ".buildopt-" in path.name]


def arguments(task, log):
    """What follows `buildopt run` to build the task."""
    way = TASKS[task]
    declared = ["--input", "src/**", "--output", f"out-{task}"] if way == "declared" else []
    kept_out = ["--ignore-output", str(log)] if way == "seccomp" else []
    return ["--observe", way, *declared, *kept_out, "--", "./build.sh", task, str(log)]


def printed(task, state):
    """What a build prints in a state."""
    return f"built {task} from {state[0]}\nand {state[1]}\n".encode()


def state_printed(task, out):
    """The state that an output tells; empty for anything that is no whole output."""
    found = re.fullmatch(rf"built {task} from (\d)\nand (\d)\n".encode(), out)
    return (found[1] + found[2]).decode() if found else ""


def expected(state):
    """What a build makes in a state, as `tests.rig.tree` tells it."""
    first, second = state
    folder = 0o777 & ~_umask()
    plain = 0o666 & ~_umask()
    return {
        "empty": ("folder", folder),
        "sub": ("folder", folder),
        f"only-{first}": ("file", 0o755, f"{first}\n".encode()),
        "big": ("file", plain, first.encode() * BIG_BYTES),
        "sub/second": ("file", plain, f"{second}\n".encode()),
        "link": ("link", f"only-{first}"),
    }


def _umask():
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
