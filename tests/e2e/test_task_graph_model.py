"""A graph of tasks gives what its commands give by themselves, whatever was edited before."""

import json
import random
import shutil
import subprocess

import pytest

from tests.rig import tree

OBSERVE = "auto"
EDITS = 7
NAMES = "abcdef"


@pytest.mark.parametrize("seed", [1, 2])
def test_every_call_leaves_what_the_plain_commands_leave(rig, seed):
    chosen = random.Random(seed)
    before = {name: [o for o in NAMES[:at] if chosen.random() < 0.5] for at, name in
              enumerate(NAMES)}  # fmt: skip
    commands = {
        name: f"cat src/{name} {' '.join(f'out/{o}' for o in needs)} > out/{name};"
        f" [ -e src/more-{name} ] && cat src/more-{name}; cat out/{name}"
        for name, needs in before.items()
    }
    text = ""
    for name, command in commands.items():
        text += f'[tasks.{name}]\ncommand = ["sh", "-c", {json.dumps(command)}]\n'
        text += f"depends_on = {json.dumps(before[name])}\n"
    rig.write("buildopt.toml", text)
    (rig.root / "out").mkdir()
    for name in NAMES:
        rig.write(f"src/{name}", f"{name} 0\n")

    hits = 0
    for number in range(EDITS):
        _edit(rig, chosen, number)
        expected = _plainly(rig, commands)
        done = rig.run(*NAMES, "--jobs", str(chosen.randint(1, 3)))
        assert done.status == 0, done.err
        assert rig.tree("out") == expected
        hits += sum(row["outcome"] != "executed" for row in done.result["tasks"])
    assert hits


def _edit(rig, chosen, number):
    """Change, add or take away a source, or an output; or nothing."""
    name = chosen.choice(NAMES)
    kind = chosen.choice(["change", "back", "add", "remove", "lose", "spoil", "nothing"])
    if kind == "change":
        rig.write(f"src/{name}", f"{name} {number}\n")
    elif kind == "back":
        rig.write(f"src/{name}", f"{name} 0\n")
    elif kind == "add":
        rig.write(f"src/more-{name}", "more\n")
    elif kind == "remove":
        (rig.root / f"src/more-{name}").unlink(missing_ok=True)
    elif kind == "lose":
        (rig.root / f"out/{name}").unlink(missing_ok=True)
    elif kind == "spoil":
        rig.write(f"out/{name}", "spoilt\n")


def _plainly(rig, commands):
    copy = rig.place / "plain"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(rig.root, copy)
    for command in commands.values():  # each stands behind those that it depends on
        subprocess.run(["sh", "-c", command], cwd=copy, stdout=subprocess.DEVNULL, check=False)
    return tree(copy / "out")
