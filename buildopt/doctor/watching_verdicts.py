"""Verdicts on the kernel, and on whether it lets commands be watched."""

from __future__ import annotations

import errno
import re

from buildopt.doctor.check import Check, ok, problem, unknown, warning
from buildopt.doctor.facts import Chosen, Machine, Surroundings, Watching
from buildopt.observe.seccomp.self_test import REASONS, YAMA_SCOPE

FAST_KERNEL = (6, 6)
"""Since then a watched call wakes the watcher on its own processor: 5 to 7 µs, before 11 to 55."""
LEAST_WATCHES = 65_536
"""Of folders and files, together with everything else that this user watches; projects with
`node_modules` have tens of thousands of folders."""
LEAST_INSTANCES = 128
"""Linux's own default; editors and test runners take some dozen."""

DECLARE = "declare what a command reads and makes, with --input and --output"
MENDS = {
    REASONS[errno.EBUSY]: f"end the sandbox or tracer around this call, or {DECLARE}",
    REASONS[errno.EPERM]: f"let the container or sandbox allow seccomp filters, or {DECLARE}",
    REASONS[errno.EINVAL]: "boot Linux 5.5 or newer",
    REASONS[errno.ENOSYS]: "boot a kernel built with CONFIG_SECCOMP_FILTER",
}
"""What to do about a refusal; about any other: `DECLARE`."""


def judge_watching(around: Surroundings) -> tuple[Check, ...]:
    """Observer, supervisor and tracer."""
    asked = around.settings.observe if isinstance(around.settings, Chosen) else "auto"
    watching = around.watching
    checks = [_observer(asked, watching)]
    if not watching.refusal:
        checks.append(_supervisor(watching))
    return (*checks, _tracer(watching))


def judge_kernel(around: Surroundings) -> tuple[Check, ...]:
    """Kernel and the limits of its file watching."""
    machine = around.machine
    if machine.system != "Linux":
        return (_kernel(machine),)
    return (
        _kernel(machine),
        _limit("inotify-watches", "max_user_watches", machine.max_user_watches, LEAST_WATCHES),
        _limit(
            "inotify-instances", "max_user_instances", machine.max_user_instances, LEAST_INSTANCES
        ),
    )


def _observer(asked: str, watching: Watching) -> Check:
    if asked == "off":
        return ok("observer", "off, as the settings ask: nothing is stored")
    if asked == "declared":
        return ok("observer", "declared, as the settings ask: what is declared is believed")
    if watching.refusal:
        return _refused(asked, watching)
    if watching.remembered_refusal:
        return warning(
            "observer",
            f"seccomp works now, but runs believe that it does not until the next boot: "
            f"{watching.remembered_refusal}",
            mend=f"remove {watching.remembered_path}",
        )
    return ok("observer", "seccomp: what a command reads and writes is found out by watching it")


def _refused(asked: str, watching: Watching) -> Check:
    mend = _mend_of(watching)
    if asked == "seccomp":
        found = f"seccomp is asked for and refused: {watching.refusal}"
        return problem("observer", found, mend=mend)
    found = f"declared, since watching is refused: {watching.refusal}"
    return warning("observer", found, mend=mend)


def _mend_of(watching: Watching) -> str:
    if watching.outer_run:
        return "call `buildopt doctor` outside of the command that buildopt watches"
    if YAMA_SCOPE in watching.refusal:
        return "sudo sysctl kernel.yama.ptrace_scope=1"
    return MENDS.get(watching.refusal, DECLARE)


def _supervisor(watching: Watching) -> Check:
    if watching.supervises_in_thread:
        return ok("supervisor", f"in a thread of buildopt, because of Yama (`{YAMA_SCOPE}` is 1)")
    return ok("supervisor", "in a process of its own")


def _tracer(watching: Watching) -> Check:
    if watching.outer_run:
        return warning(
            "tracer",
            f"inside `buildopt run` {watching.outer_run}: only that outer run is recorded",
            mend="call `buildopt doctor` by itself",
        )
    if watching.tracer:
        return warning(
            "tracer",
            f"{watching.tracer} traces this process: everything takes longer",
            mend="call `buildopt doctor` without it",
        )
    return ok("tracer", "none")


def _kernel(machine: Machine) -> Check:
    found = f"{machine.system} {machine.kernel_release} on {machine.architecture}"
    if machine.system != "Linux":
        return warning(
            "kernel",
            f"{found}: commands cannot be watched and an unchanged run takes the longer way",
            mend=DECLARE,
        )
    if kernel_version(machine.kernel_release) < FAST_KERNEL:
        return warning(
            "kernel",
            f"{found}: a watched call takes 2 to 8 times as long as from Linux 6.6 on",
            mend="boot Linux 6.6 or newer; only speed depends on it",
        )
    return ok("kernel", found)


def kernel_version(release: str) -> tuple[int, int]:
    """`6.18.44-generic` is (6, 18); (0, 0) for what does not begin so."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _limit(name: str, setting: str, value: int | None, least: int) -> Check:
    mend = f"sudo sysctl fs.inotify.{setting}={8 * least}"
    if value is None:
        return unknown(name, "the system does not tell", mend="mount /proc, or do without watching")
    if value < least:
        return warning(name, f"{value:,} for this user, {least:,} are advised", mend=mend)
    return ok(name, f"{value:,} for this user")
