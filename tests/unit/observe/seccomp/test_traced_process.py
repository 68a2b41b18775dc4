"""Which signals make a process's calls fail unseen."""

import signal

import pytest

from buildopt.observe.seccomp.processes import TracedProcess


@pytest.mark.parametrize(
    ("program", "number", "may_fail"),
    [
        ("sh", signal.SIGUSR1, True),
        ("/usr/bin/node", signal.SIGUSR1, False),
        ("/usr/bin/node", signal.SIGUSR2, True),
        ("sh", signal.SIGTERM, False),
    ],
)
def test_handler_that_restarts_nothing_counts_but_for_the_debugger_s_of_node(
    program, number, may_fail
):
    process = TracedProcess(10, 1, (program, "script"), -1)

    process.handles(number, restarts=False)

    assert process.may_fail_calls() == may_fail
