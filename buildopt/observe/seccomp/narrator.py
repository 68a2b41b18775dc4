"""Tells the recorder what each stopped call is about, and when the record cannot be whole."""

from __future__ import annotations

from collections.abc import Callable

from buildopt.observe.access import Recorder
from buildopt.observe.seccomp.calls import CALLS, NAMESPACE, PECULIAR
from buildopt.observe.seccomp.decoder import Arguments, Decoder, Handler
from buildopt.observe.seccomp.memory import DoomedCall
from buildopt.observe.seccomp.notifications import StoppedCall
from buildopt.observe.seccomp.numbers import Machine, numbers
from buildopt.observe.seccomp.paths import NoPath, UnknownPath
from buildopt.observe.seccomp.peculiar import NamespaceChange, PeculiarCalls
from buildopt.observe.seccomp.processes import Processes, TracedProcess

X32_BIT = 0x40000000
"""Calls of x32 programs have it in their number, on a processor of the same name."""

NO_CALL = -1
"""A debugger puts this in place of a number, to have nothing executed."""


class Narrator:
    """Knows what each number means on this machine, and to whom to tell it.

    `is_waiting` says of a call's identity whether its process still waits for us.
    """

    def __init__(
        self,
        recorder: Recorder,
        processes: Processes,
        machine: Machine,
        is_waiting: Callable[[int], bool],
    ) -> None:
        self.trouble = ""
        self._is_waiting = is_waiting
        self._recorder = recorder
        self._processes = processes
        self._architecture = machine.audit_architecture
        self._is_silent = False
        self._decoder = Decoder(processes, recorder)
        self._handlers = _handlers(self._decoder, machine)
        self._executing = {numbers(machine)[name] for name in ("execve", "execveat")}

    def tell(self, call: StoppedCall) -> None:
        """Tell of one call; raises RefusedCall for one that must not be executed."""
        if self._is_silent:
            return
        identity, task, number, architecture, arguments = call
        handler = self._handlers.get(number)
        if handler is None or architecture != self._architecture:
            self._tell_unknown(number, architecture)
            return
        process = self._processes.by_task.get(task) or self._processes.meet(task)
        if process.mover or (process.executing and number not in self._executing):
            self._processes.heard_of(process, task)
        process.lost_child = False
        try:
            handler(task, process, arguments)
        except (NoPath, DoomedCall):
            return
        except UnknownPath as error:
            self._recorder.incomplete("incomplete", str(error))
        except NamespaceChange:
            self._recorder.incomplete("incomplete", "namespace")
            self.be_silent()
        except OSError:
            if self._is_waiting(identity):
                self._recorder.incomplete("incomplete", _name_of(process))

    def tell_survivors(self) -> None:
        """Say which processes live on after the command's main process has ended."""
        alive = [process for process in self._processes.alive() if not process.has_ended]
        names = {_name_of(process) for process in alive} or {"process"}
        for name in sorted(names):
            self._recorder.incomplete("survivor", name)

    def forget_repeats(self) -> None:
        """Tell all anew, also what the recorder wanted to hear no more."""
        self._decoder.forget_repeats()

    def give_up(self, error: Exception) -> None:
        """Tell nothing more, because something in here went wrong."""
        self.trouble = self.trouble or f"{type(error).__name__}: {error}"
        self.be_silent()

    def be_silent(self) -> None:
        """Tell nothing more."""
        self._is_silent = True

    def _tell_unknown(self, number: int, architecture: int) -> None:
        if architecture != self._architecture or (number & X32_BIT and number > 0):
            self._recorder.incomplete("incomplete", "architecture")
        elif number != NO_CALL:
            self._recorder.incomplete("incomplete", f"system call {number}")


def _handlers(decoder: Decoder, machine: Machine) -> dict[int, Handler]:
    number_of = numbers(machine)
    peculiar = PeculiarCalls(decoder)
    by_name: dict[str, Handler] = {
        **{name: decoder.handler(call) for name, call in CALLS.items()},
        **{name: getattr(peculiar, name) for name in PECULIAR},
        **dict.fromkeys(NAMESPACE, _change_namespace),
    }
    return {number_of[name]: handle for name, handle in by_name.items() if name in number_of}


def _change_namespace(_task: int, _process: TracedProcess, _arguments: Arguments) -> None:
    raise NamespaceChange


def _name_of(process: TracedProcess) -> str:
    return process.argv[0] if process.argv else f"process {process.pid}"
