"""The command finds around it what it would find without us: everything but two variables."""

import json
import os
import resource
import signal
import subprocess
import sys

import pytest

from tests.rig import PROGRAM

TELL = """\
import json, os, resource, sys
def is_lock(number):
    place = f"/proc/self/fd/{number}"
    cache = os.environ["BUILDOPT_CACHE_DIR"]
    target = os.readlink(place) if os.path.lexists(place) else ""
    return target.startswith(cache) and target.endswith(".alive")
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
told = {
    "arguments": [os.fsencode(word).hex() for word in sys.argv[1:]],
    "directory": os.getcwd(),
    "umask": status["Umask"],
    "limits": {n: resource.getrlimit(getattr(resource, n)) for n in dir(resource)
               if n.startswith("RLIMIT_")},
    "signals": [status[name] for name in ("SigBlk", "SigIgn", "SigCgt")],
    "group": [os.getpgrp(), os.getsid(0)],
    "descriptors": sorted(n for n in os.listdir("/proc/self/fd") if not is_lock(n)),
    "niceness": os.nice(0),
    "processors": sorted(os.sched_getaffinity(0)),
    "users": [os.getresuid(), os.getresgid(), sorted(os.getgroups())],
    "variables": {k: v for k, v in os.environ.items() if not k.startswith("BUILDOPT_")},
}
json.dump(told, open(os.environ["TELL_FILE"], "w"))
"""
PYTHON = ("-S", "-E", "tell.py")
WORDS = ["a b", "", "*", "$HOME", "--", "--quiet", "-h", "new\nline", "\udcff", "'\"\\", "é"]


SAY = """printf '{"type":"buildopt.phase.finished"}\\n' >>"$BUILDOPT_EVENTS\""""


def surround():
    """Make everything as it hardly ever is; in the child, before it becomes the command."""
    os.setpgid(0, 0)
    os.umask(0o027)
    os.nice(3)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))
    resource.setrlimit(resource.RLIMIT_STACK, (4 << 20, 6 << 20))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGRTMIN})


@pytest.fixture(params=["auto", "declared", "off"])
def observed(rig, request):
    rig.environ |= {
        "BUILDOPT_OBSERVE": request.param,
        "ODD": "a=b\nc",
        "NO_COLOR": "",
        "FORCE_COLOR": "0",
        "É": "\udc80",
    }
    rig.write("tell.py", TELL)
    return rig


def tell(rig, *before, **options):
    """What the command tells; of itself it is in the group of whoever leads it."""
    target = rig.place / "told"
    command = [*before, sys.executable, *PYTHON, *WORDS]
    process = subprocess.Popen(
        command, cwd=rig.root, env=rig.environ | {"TELL_FILE": str(target)},
        stdin=subprocess.DEVNULL, preexec_fn=surround, **options,
    )  # fmt: skip
    assert process.wait() == 0
    told = json.loads(target.read_text())
    assert told["group"][0] == process.pid
    told["group"][0] = "that of the call"
    return told


def test_command_finds_everything_as_without_us(observed):
    bare = tell(observed)

    wrapped = tell(observed, PROGRAM, "run", "--quiet", "--input", "tell.py", "--")

    assert wrapped == bare


@pytest.mark.parametrize("fast_path", ["0", "1"])
@pytest.mark.parametrize("locale", [{}, {"LC_CTYPE": "C"}, {"LC_CTYPE": "C.UTF-8"}, {"LANG": "C"}])
def test_locale_that_python_sets_for_itself_is_not_the_command_s(rig, locale, fast_path):
    rig.environ |= {"BUILDOPT_OBSERVE": "auto", "BUILDOPT_FAST_PATH": fast_path, **locale}
    words = ("sh", "-c", "env | grep -a -e ^LC_ -e ^LANG | sort")
    bare = subprocess.run(words, env=rig.environ, capture_output=True, check=True)

    for _ in range(2):
        assert rig.call("run", "--quiet", "--", *words).stdout == bare.stdout


def test_inherited_descriptor_reaches_the_command_only_on_request(observed):
    reader, writer = os.pipe()
    run = (PROGRAM, "run", "--quiet", "--input", "tell.py")

    without = tell(observed, *run, "--", pass_fds=(writer,))
    with_it = tell(observed, *run, "--pass-fds", "--", pass_fds=(writer,))

    os.close(reader)
    os.close(writer)
    assert str(writer) not in without["descriptors"]
    assert str(writer) in with_it["descriptors"]


def test_command_is_told_its_run_and_a_file_for_events(observed):
    done = observed.run("--input", "tell.py", "--", "sh", "-c", f"echo $BUILDOPT_ACTIVE; {SAY}")

    (event,) = observed.events("buildopt.phase.finished")
    assert done.out.decode().strip() == done.result["run_id"] == event.run
    assert done.result["lost_events"] == 0
    assert not list((observed.state / "tool-events").iterdir())


def test_events_of_tools_are_no_output_and_keep_no_run_from_being_stored(rig):
    rig.environ["BUILDOPT_OBSERVE"] = "auto"

    first = rig.run("--", "sh", "-c", SAY)
    again = rig.run("--", "sh", "-c", SAY)

    assert (first.outcome, first.not_stored, again.outcome) == ("executed", [], "fresh")
    assert first.result["outputs"]["files"] == 0
    assert len(rig.events("buildopt.phase.finished")) == 1


def test_nested_run_joins_the_outer_one_and_tells_it_its_events(rig):
    rig.environ["BUILDOPT_OBSERVE"] = "auto"
    rig.write("a", "1\n")
    inner = f"{PROGRAM} run -- sh -c 'cat a; echo $BUILDOPT_ACTIVE $BUILDOPT_EVENTS'"

    done = rig.run("--", "sh", "-c", f"echo $BUILDOPT_EVENTS; {inner}; echo end")

    events, content, active, inner_events, end = done.out.decode().split()
    assert (content, active, end) == ("1", done.result["run_id"], "end")
    assert inner_events == events
    assert done.err == b""
    assert len(rig.events("buildopt.run.finished")) == 1
