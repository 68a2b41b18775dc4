"""Verdicts on watching, by facts of machines that are not here."""

import errno
from dataclasses import replace

import pytest

from buildopt.doctor.watching_verdicts import judge_kernel, judge_watching, kernel_version
from buildopt.observe.seccomp.self_test import REASONS, YAMA_SCOPE


def observing(healthy, *, observe="auto", **facts):
    """Observer's row, by name, of the healthy machine with other facts."""
    around = replace(
        healthy,
        settings=replace(healthy.settings, observe=observe),
        watching=replace(healthy.watching, **facts),
    )
    return {check.name: check for check in judge_watching(around)}


def test_a_refusal_leaves_declared_inputs_and_is_a_warning(healthy):
    rows = observing(healthy, refusal=REASONS[errno.EBUSY])

    assert rows["observer"].status == "warning"
    assert rows["observer"].found.startswith("declared, since watching is refused: another program")
    assert "supervisor" not in rows


def test_a_refusal_of_what_was_asked_for_is_a_problem(healthy):
    rows = observing(healthy, observe="seccomp", refusal=REASONS[errno.EPERM])

    assert rows["observer"].status == "problem"
    assert "allow seccomp filters" in rows["observer"].mend


@pytest.mark.parametrize("observe", ["declared", "off"])
def test_who_asks_for_no_watching_is_told_of_no_refusal(healthy, observe):
    rows = observing(healthy, observe=observe, refusal=REASONS[errno.EPERM])

    assert rows["observer"].status == "ok"
    assert rows["observer"].found.startswith(observe)


def test_yama_is_mended_by_its_own_switch(healthy):
    rows = observing(healthy, refusal=f"`{YAMA_SCOPE}` forbids to read the memory of others")

    assert rows["observer"].mend == "sudo sysctl kernel.yama.ptrace_scope=1"


def test_a_refusal_that_no_longer_holds_is_told_with_the_file_that_remembers_it(healthy):
    rows = observing(healthy, remembered_refusal="it was forbidden", remembered_path="/c/tracing-1")

    assert rows["observer"].status == "warning"
    assert rows["observer"].mend == "remove /c/tracing-1"


def test_supervisor_in_a_thread_names_yama(healthy):
    rows = observing(healthy, supervises_in_thread=True)

    assert (rows["supervisor"].status, "Yama" in rows["supervisor"].found) == ("ok", True)


def test_inside_a_run_the_advice_is_to_leave_it(healthy):
    rows = observing(healthy, outer_run="01a2", refusal=REASONS[errno.EBUSY])

    assert "01a2" in rows["tracer"].found
    assert "outside" in rows["observer"].mend


@pytest.mark.parametrize(
    ("release", "status"),
    [("6.18.44", "ok"), ("6.6.0-rc1", "ok"), ("6.5.13", "warning"), ("5.15.0-91", "warning")],
)
def test_kernel_is_advised_for_speed_from_6_6(healthy, release, status):
    around = replace(healthy, machine=replace(healthy.machine, kernel_release=release))

    assert judge_kernel(around)[0].status == status


def test_other_systems_have_no_limits_of_inotify(healthy):
    around = replace(healthy, machine=replace(healthy.machine, system="Darwin"))

    assert [(check.name, check.status) for check in judge_kernel(around)] == [("kernel", "warning")]


@pytest.mark.parametrize(
    ("watches", "instances", "statuses"),
    [
        (65_536, 128, ["ok", "ok"]),
        (65_535, 127, ["warning", "warning"]),
        (None, None, ["unknown", "unknown"]),
    ],
)
def test_limits_of_inotify(healthy, watches, instances, statuses):
    machine = replace(healthy.machine, max_user_watches=watches, max_user_instances=instances)

    checks = judge_kernel(replace(healthy, machine=machine))[1:]

    assert [check.status for check in checks] == statuses


def test_kernel_version_of_an_odd_release_is_the_lowest():
    assert kernel_version("6.18.44-generic") == (6, 18)
    assert kernel_version("next-2026") == (0, 0)
