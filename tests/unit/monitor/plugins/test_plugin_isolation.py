"""A stranger's plugin that sleeps, raises, exits or eats memory harms itself alone."""

import os
import threading

import pytest

from buildopt.monitor import process_seat
from buildopt.monitor.choice import Choice
from buildopt.monitor.consumer_loop import ConsumerLoop
from buildopt.monitor.host import Host
from buildopt.monitor.loading import load
from tests.unit.monitor.plugins.plugin_rig import (
    START_NS,
    StillPace,
    counted,
    events,
    plugin_source,
    wait_for,
)
from tests.unit.monitor.plugins.test_consumer_loop import letters, run

BAD = """
class Bad(Counter):
    def look(self, event):
        if event.data["n"] == 2:
            {act}
"""
SLEEPER = "time.sleep(600)"


def loop_in_process(state, plugins, pace=None):
    (found,) = plugins.consumers()
    return ConsumerLoop(
        state, found.described, found.seat(state), pace or StillPace(),
        tell_clock=lambda due_ns: None, say=lambda kind, text: None,
    )  # fmt: skip


def bad(plugin_folder, act, module="bad", name="counter"):
    body = BAD.format(act=act) + f"    name = {name!r}\n"
    return plugin_folder.write(module, plugin_source(body, "Bad"))


@pytest.mark.parametrize(
    ("act", "error"),
    [
        ("raise ValueError('no')", "ValueError: no; bad.py:"),
        ("sys.exit(5)", "SystemExit: 5; bad.py:"),
        ("os._exit(7)", "the process ended (status `7`)"),
        ("bytearray(10**10)", "MemoryError; bad.py:"),
        (SLEEPER, "no answer in `0.5 s`"),
    ],
)
def test_the_event_that_undoes_a_plugin_is_set_aside_and_the_rest_goes_on(
    state, builds, plugin_folder, monkeypatch, act, error
):
    monkeypatch.setattr("buildopt.monitor.consumer_loop.TRIES_AFTER_S", ())
    if act == SLEEPER:
        monkeypatch.setattr(process_seat, "STUCK_AFTER_S", 0.5)
    builds.emit(3)
    loop = loop_in_process(state, load(Choice(), [bad(plugin_folder, act)]))

    run(loop)
    loop.close()

    assert counted(state) == [(1, 1), (2, 3)]
    (letter,) = letters(state)
    assert letter.error.startswith(error)


def test_a_process_that_dies_behind_its_commit_has_taken_the_event_once(
    state, builds, plugin_folder
):
    """The step is in the file, and the host is told that the process died."""
    builds.emit(3)
    flag = os.path.join(plugin_folder.path, "flag")
    source = plugin_source(
        "import __main__ as process\n"
        "honest = process.report_json\n"
        f"def lying(report):\n"
        f"    if report.standing.said and os.path.exists({flag!r}):\n"
        f"        os.remove({flag!r})\n"
        f"        os._exit(9)\n"
        f"    return honest(report)\n"
        "if hasattr(process, 'report_json'):\n"
        "    process.report_json = lying\n"
    )
    loop = loop_in_process(state, load(Choice(), [plugin_folder.write("liar", source)]))
    open(flag, "w").close()

    run(loop)
    loop.close()

    assert not os.path.exists(flag)
    assert counted(state) == [(1, 1), (2, 2), (3, 3)]
    assert letters(state) == ()


def test_a_stranger_sees_no_credentials_and_its_print_disturbs_nothing(
    state, builds, plugin_folder, monkeypatch
):
    monkeypatch.setenv("NPM_TOKEN", "secret")
    body = """
    class Looking(Counter):
        def look(self, event):
            print("hello")
            assert "NPM_TOKEN" not in os.environ, "seen"
    """
    builds.emit()
    loop = loop_in_process(
        state, load(Choice(), [plugin_folder.write("looking", plugin_source(body, "Looking"))])
    )

    run(loop)
    loop.close()

    assert counted(state) == [(1, 1)]


def test_one_that_sleeps_and_one_that_dies_hold_up_nobody(state, builds, plugin_folder):
    found = [
        bad(plugin_folder, SLEEPER, "sleeper", "sleeper"),
        bad(plugin_folder, "os._exit(1)", "dying", "dying"),
        plugin_folder.write("good", plugin_source()),
    ]
    builds.emit(2)
    host = Host(
        state, load(Choice(trusted=["good"]), found), now_ns=lambda: START_NS, stuck_after_s=0.2
    )
    host.start()
    try:
        wait_for(lambda: _said_by(state, "counter") == [1, 2])
        builds.emit()
        wait_for(lambda: _said_by(state, "counter") == [1, 2, 3])
        wait_for(lambda: _status(host)["sleeper"] == "stuck")
        wait_for(lambda: _status(host)["dying"] == "failing")
        wait_for(lambda: "stuck" in _troubles(state, "sleeper"))
        others = _said_by(state, "sleeper"), _said_by(state, "dying")
    finally:
        is_ended = host.stop(5)

    assert others == ([], [])
    assert is_ended
    assert not [t for t in threading.enumerate() if t.name.startswith("consumer-")]


def _said_by(state, name):
    found = events(state, "buildopt.counted")
    return [e.data["of"] for e in found if e.source.endswith(f"/{name}")]


def _status(host):
    return {health.consumer: health.progress.status for health in host.health()}


def _troubles(state, name):
    found = events(state, "buildopt.plugin.error")
    return [e.data["kind"] for e in found if e.data["plugin"] == name]
