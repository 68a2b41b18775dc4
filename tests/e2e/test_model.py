"""The model machine: whatever is edited or damaged, a run gives what a plain one gives.

After each run the project's tree, stdout, stderr and status equal those of the same command
in a copy of the tree as it was (`Rig.always_rebuild`).
"""

import os
import shutil
import tempfile
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.rig import Rig

BUILD = """
rm -rf out; mkdir -p out/empty
for f in src/*.txt src/sub/*.txt; do
    [ -f "$f" ] && cp "$f" "out/$(echo "$f" | tr / _)"
done
cat src/a.txt 2>/dev/null
ls src/sub >&2
[ -x src/a.txt ] && echo executable
[ -L src/link ] && readlink src/link
cat src/link > out/linked 2>/dev/null
ln -s somewhere out/link
chmod 750 out/src_a.txt 2>/dev/null
! grep -q FAIL src/b.txt 2>/dev/null
"""
RUN = ("--input", "src/**", "--output", "out", "--", "./build.sh")
TRACED = ("--", "./build.sh")
NAMES = st.sampled_from(
    ["src/a.txt", "src/b.txt", "src/sub/c.txt", "src/sub/d.txt", "src/new.txt", "src/notes.md"]
)
CONTENTS = st.sampled_from(["1", "2", "3", "12", "21", "FAIL", ""])


class Model(RuleBasedStateMachine):
    """Edits, damage and runs in any order."""

    switches: ClassVar = {}

    def __init__(self):
        super().__init__()
        self.place = tempfile.mkdtemp(prefix="model-")
        self.rig = Rig(self.place)
        self.rig.environ |= self.switches
        self.run_words = RUN if self.rig.environ["BUILDOPT_OBSERVE"] == "declared" else TRACED
        self.rig.script("build.sh", BUILD)
        self.rig.write("src/a.txt", "1")
        self.rig.write("src/sub/c.txt", "1")
        self.states = []

    def teardown(self):
        shutil.rmtree(self.place)

    def existing(self, name):
        path = self.rig.root / name
        return path if path.is_file() and not path.is_symlink() else None

    @rule(name=NAMES, content=CONTENTS)
    def edit(self, name, content):
        self.rig.write(name, content)

    @rule(
        name=NAMES, content=st.sampled_from("123"), shift_ns=st.sampled_from([0, -(10**9), 10**13])
    )
    def edit_in_place_and_set_the_clock(self, name, content, shift_ns):
        if path := self.existing(name):
            times = path.stat()
            with open(path, "r+") as file:
                file.write(content)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + shift_ns))

    @rule(name=NAMES)
    def delete(self, name):
        if path := self.existing(name):
            path.unlink()

    @rule(name=NAMES, other=NAMES)
    def rename(self, name, other):
        if path := self.existing(name):
            path.rename(self.rig.root / other)

    @rule(name=NAMES)
    def touch(self, name):
        if path := self.existing(name):
            os.utime(path)

    @rule(name=NAMES, mode=st.sampled_from([0o644, 0o755, 0o600]))
    def change_mode(self, name, mode):
        if path := self.existing(name):
            path.chmod(mode)

    @rule(to=st.sampled_from(["a.txt", "b.txt", "nowhere", "link", "sub"]))
    def link(self, to):
        path = self.rig.root / "src/link"
        path.unlink(missing_ok=True)
        path.symlink_to(to)

    @rule(value=st.sampled_from("12"))
    def set_variable(self, value):
        self.rig.environ["FLAVOUR"] = value

    @rule()
    def remember_state(self):
        copy = f"{self.place}/state-{len(self.states)}"
        shutil.copytree(self.rig.root / "src", copy, symlinks=True)
        self.states.append(copy)

    @rule(data=st.data())
    def go_back(self, data):
        if self.states:
            shutil.rmtree(self.rig.root / "src")
            chosen = data.draw(st.sampled_from(self.states))
            shutil.copytree(chosen, self.rig.root / "src", symlinks=True)

    @rule(
        name=st.sampled_from(["src_a.txt", "link", "empty", "linked", "src_sub_c.txt"]),
        way=st.sampled_from(
            ["delete", "truncate", "tamper", "folder", "link", "mode", "extra", "all"]
        ),
    )
    def damage_output(self, name, way):
        path = self.rig.root / "out" / name
        if way == "all":
            shutil.rmtree(self.rig.root / "out", ignore_errors=True)
        elif way == "extra" and path.parent.is_dir():
            (path.parent / f"extra-{name}").write_text("extra")
        elif path.is_file() and not path.is_symlink():
            self.damage_file(path, way)
        elif path.is_symlink() and way != "mode":
            path.unlink()

    def damage_file(self, path, way):
        times = path.stat()
        if way == "tamper":
            path.write_bytes(bytes(255 - byte for byte in path.read_bytes()))
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        elif way == "truncate":
            path.write_bytes(b"")
        elif way == "mode":
            path.chmod(0o700)
        else:
            path.unlink()
            if way == "folder":
                path.mkdir()
            elif way == "link":
                path.symlink_to("/etc/hostname")

    @rule(data=st.data(), way=st.sampled_from(["delete", "truncate", "flip"]))
    def damage_cache(self, data, way):
        found = sorted(path for path in self.rig.cache.rglob("*") if path.is_file())
        if not found:
            return
        path = data.draw(st.sampled_from(found))
        content = path.read_bytes()
        if way == "delete":
            path.unlink()
        elif way == "truncate":
            path.write_bytes(content[: len(content) // 2])
        elif content:
            at = data.draw(st.integers(0, len(content) - 1))
            flipped = bytes([content[at] ^ 0x55])
            path.write_bytes(content[:at] + flipped + content[at + 1 :])

    @rule()
    def run(self):
        plain, tree = self.rig.always_rebuild("./build.sh")

        done = self.rig.run(*self.run_words)

        assert (done.out, done.err, done.status) == (plain.stdout, plain.stderr, plain.returncode)
        assert self.rig.tree() == tree

    @rule()
    def run_again(self):
        self.run()


def check(examples, steps, **switches):
    machine = type("Machine", (Model,), {"switches": switches})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"BUILDOPT_FAST_PATH": "0"},
        {"BUILDOPT_FAST_PATH": "0", "BUILDOPT_STAT_MEMO": "0"},
        {"BUILDOPT_OBSERVE": "auto"},
        {"BUILDOPT_OBSERVE": "auto", "BUILDOPT_FAST_PATH": "0"},
    ],
    ids=["declared", "no fast path", "no fast path, no memo", "traced", "traced, no fast path"],
)
@pytest.mark.timeout(300)
def test_every_run_equals_a_plain_one(switches):
    check(8, 25, **switches)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_every_run_equals_a_plain_one_for_long():
    check(200, 60)
