"""Surroundings in which a command can be observed only partly, or not at all: never a false hit."""

import os
import subprocess
import sys

import pytest

from tests.e2e.tracing_rig import needs, shell
from tests.rig import PROGRAM

OBSERVE = "auto"


FOREIGN = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
ALLOW, NO_PERMISSION = 0x7FFF0000, 0x00050001
SECCOMP = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
RULES = {
    "listener": [(0x06, 0, 0, ALLOW)],
    "no permission": [
        (0x20, 0, 0, 0), (0x15, 0, 1, SECCOMP), (0x06, 0, 0, NO_PERMISSION), (0x06, 0, 0, ALLOW),
    ],
}[sys.argv[1]]
program = b"".join(struct.pack("HBBI", *rule) for rule in RULES)
memory = ctypes.create_string_buffer(program, len(program))
description = struct.pack("HxxxxxxQ", len(RULES), ctypes.addressof(memory))
libc.prctl(38, 1, 0, 0, 0)
flags = 8 if sys.argv[1] == "listener" else 0
assert libc.syscall(SECCOMP, 1, flags, ctypes.create_string_buffer(description)) >= 0
if os.fork() == 0:
    os.execv(sys.argv[2], sys.argv[2:])
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
"""Runs what follows under a filter of somebody else, who goes on listening."""


@pytest.fixture
def run_under(rig):
    """Runs `buildopt` under a filter of that kind."""
    launcher = rig.place / "foreign.py"
    launcher.write_text(FOREIGN)

    def run_under(surrounding, *arguments):
        return subprocess.run(
            [sys.executable, launcher, surrounding, PROGRAM, *arguments], cwd=rig.root,
            env=rig.environ, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip

    return run_under


@pytest.mark.parametrize("was_traced_before", [False, True])
@pytest.mark.parametrize("surrounding", ["listener", "no permission"])
def test_surrounding_that_forbids_observing_gives_no_false_hit(
    rig, run_under, surrounding, was_traced_before
):
    if was_traced_before:
        rig.run(*shell("true"))
    for content in ("1", "2", "2"):
        rig.write("a", content)

        done = run_under(surrounding, "run", *shell("cat a > out; cat a"))

        assert (done.returncode, done.stdout) == (0, content.encode())
        assert rig.read("out").decode() == content
        result = rig.last_result()
        assert (result["outcome"], result["stored"]) == ("executed", False)
        assert was_traced_before or result["observer"] != "seccomp"


@pytest.mark.parametrize("surrounding", ["listener", "no permission"])
def test_surrounding_that_forbids_observing_has_only_declared_inputs_believed(
    rig, run_under, surrounding
):
    rig.write("a", "1")
    rig.write("b", "1")
    run = ("run", "--input", "a", "--output", "out", *shell("cat a b > out"))
    run_under(surrounding, *run)
    assert rig.last_result()["stored"]

    rig.write("a", "2")

    run_under(surrounding, *run)
    assert rig.last_result()["observer"] == "declared"
    assert rig.read("out") == b"21"


def test_surrounding_that_forbade_observing_is_forgotten_outside_of_it(rig, run_under):
    rig.write("a", "1")
    run_under("listener", "run", *shell("cat a"))

    rig.run(*shell("cat a"))

    assert rig.last_result()["observer"] == "seccomp"


@pytest.mark.parametrize(
    "debugger",
    [
        ["strace", "-f", "-o", "/dev/null"],
        ["gdb", "-q", "-batch", "-return-child-result", "-ex", "run", "--args"],
    ],
    ids=["strace", "gdb"],
)
def test_run_under_a_debugger_is_right(rig, debugger):
    needs(debugger[0])
    rig.write("a", "1")
    if debugger[0] == "gdb":
        debugger = [*debugger, sys.executable]
    outcomes = []
    for content in ("1", "2", "2"):
        rig.write("a", content)

        done = subprocess.run(
            [*debugger, PROGRAM, "run", *shell("cat a > out")], cwd=rig.root, env=rig.environ,
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
        assert rig.read("out").decode() == content
        outcomes.append(rig.last_result()["outcome"])
    assert outcomes[:2] == ["executed", "executed"]


OVERLAY = """
set -e
mkdir lower upper work merged
echo 1 > lower/a
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged || exit 77
buildopt run -- cat merged/a
chmod 600 merged/a && chmod 644 merged/a
buildopt run -- cat merged/a
"""


def test_input_of_an_overlay_that_is_copied_up_is_the_same(rig):
    needs("unshare")
    if os.getuid() != 0:
        pytest.skip("only root may mount")
    rig.environ["PATH"] = f"{PROGRAM.parent}:{rig.environ['PATH']}"

    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", OVERLAY], cwd=rig.root, env=rig.environ,
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip

    if done.returncode in (1, 77) and not rig.last_result():
        pytest.skip("no overlay can be mounted here")
    assert (done.returncode, done.stdout) == (0, b"1\n1\n")
    assert rig.last_result()["outcome"] == "fresh"
