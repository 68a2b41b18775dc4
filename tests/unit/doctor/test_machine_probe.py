"""The machine as it is: only what must hold on every one."""

import os
import sys

from buildopt.doctor import machine_probe
from buildopt.doctor.machine_probe import look_at_machine, look_at_watching


def test_the_machine_tells_what_it_is():
    machine = look_at_machine()

    assert machine.kernel_release == os.uname().release
    assert machine.python_program == sys.executable


def test_a_limit_that_is_no_number_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_probe, "INOTIFY", str(tmp_path))
    (tmp_path / "max_user_watches").write_text("many\n")

    machine = look_at_machine()

    assert (machine.max_user_watches, machine.max_user_instances) == (None, None)


def test_the_outer_run_is_the_one_that_the_environment_names():
    watching = look_at_watching({"BUILDOPT_ACTIVE": "01a2"}, ("/c/tracing-1", "refused"))

    assert watching.outer_run == "01a2"
    assert (watching.remembered_path, watching.remembered_refusal) == ("/c/tracing-1", "refused")


def test_an_attempt_that_cannot_be_made_is_a_refusal(monkeypatch):
    def fail():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(machine_probe, "is_available", fail)

    assert look_at_watching({}, ("", None)).refusal == "Resource temporarily unavailable"
