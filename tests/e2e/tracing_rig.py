"""What tests of traced commands have in common: how they are written, settled and checked."""

import shutil
import sys
import textwrap

import pytest


def shell(text):
    """The words that have `buildopt run` run a text of the shell."""
    return ("--", "sh", "-c", text)


def python(rig, text):
    """The words that have it run a Python program, which is written into the project."""
    return ("--", sys.executable, "-S", rig.write("program.py", textwrap.dedent(text)))


def settled(rig, *run):
    """Run until it is answered from the cache: at most twice for what rewrites its own state."""
    for _ in range(3):
        done = rig.run(*run)
        if done.outcome != "executed":
            return done
    raise AssertionError(done)


def run_as_rebuilt(rig, command):
    """Run a text of the shell, and see that it gives what a plain run gives."""
    plain, tree = rig.always_rebuild("sh", "-c", command)
    done = rig.run(*shell(command))
    assert (done.out, done.status) == (plain.stdout, plain.returncode)
    assert rig.tree() == tree
    return done


def needs(*tools):
    """Skip the test, saying why, where one of the tools is not installed."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
