"""The program that the kernel runs before each call of the command, to let it through or stop it.

Each rule is ``if the number is N: <what decides>``; the kernel (5.11) remembers which numbers
are let through whatever their arguments, so those cost nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from buildopt.observe.seccomp.calls import CALLS, NAMESPACE, PECULIAR
from buildopt.observe.seccomp.flags import CLONE_FS, CLONE_THREAD, NEW_NAMESPACE
from buildopt.observe.seccomp.numbers import HIGHEST_KNOWN, Machine, numbers


class Instruction(NamedTuple):
    """One instruction of classic BPF; jumps count the instructions that are skipped."""

    code: int
    if_true: int
    if_false: int
    operand: int


# Source of the codes: linux/bpf_common.h; of the actions and offsets: linux/seccomp.h.
LOAD_WORD, JUMP_EQUAL, JUMP_GREATER, JUMP_ANY_BIT, AND, RETURN = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06
NOTIFY, LET_THROUGH, FAIL_WITH = 0x7FC00000, 0x7FFF0000, 0x00050000
OFFSET_NUMBER, OFFSET_ARCHITECTURE, OFFSET_ARGUMENTS = 0, 4, 16
ENOSYS = 38

HAND_OVER_FLAGS = 0x4000 | 0x1000 | 0x0400 | 0x0200
"""Flags of the one `sendmsg` that is not stopped, by which the listener itself is handed over:
MSG_NOSIGNAL, and MSG_RST, MSG_SYN, MSG_FIN, which mean nothing to a Unix socket and which no
other program passes."""

Program = Sequence[Instruction]


def _return(action: int) -> Instruction:
    return Instruction(RETURN, 0, 0, action)


def _low_word(argument: int) -> Instruction:
    return Instruction(LOAD_WORD, 0, 0, OFFSET_ARGUMENTS + 8 * argument)


def _high_word(argument: int) -> Instruction:
    return Instruction(LOAD_WORD, 0, 0, OFFSET_ARGUMENTS + 8 * argument + 4)


def _if_address(argument: int) -> Program:
    return (
        _low_word(argument),
        Instruction(JUMP_EQUAL, 0, 3, 0),
        _high_word(argument),
        Instruction(JUMP_EQUAL, 0, 1, 0),
        _return(LET_THROUGH),
        _return(NOTIFY),
    )


def _unless_handing_over() -> Program:
    return (
        _low_word(2),
        Instruction(JUMP_EQUAL, 0, 1, HAND_OVER_FLAGS),
        _return(LET_THROUGH),
        _return(NOTIFY),
    )


def _if_new_namespace(*, is_clone: bool) -> Program:
    """Stop new namespaces, and a clone that shares its working directory with another process.

    So is a thread stopped that does not share it with the others of its process.
    """
    sharing = (
        Instruction(AND, 0, 0, CLONE_FS | CLONE_THREAD),
        Instruction(JUMP_EQUAL, 2, 0, CLONE_FS),
        Instruction(JUMP_EQUAL, 1, 0, CLONE_THREAD),
    )
    flags = NEW_NAMESPACE & ~0xFF if is_clone else NEW_NAMESPACE | CLONE_FS
    tail = (*(sharing if is_clone else ()), _return(LET_THROUGH), _return(NOTIFY))
    return (_low_word(0), Instruction(JUMP_ANY_BIT, len(tail) - 1, 0, flags), *tail)


SPECIAL_RULES: dict[str, Program] = {
    "sendto": _if_address(4),
    "rt_sigaction": _if_address(1),
    "sendmsg": _unless_handing_over(),
    "clone": _if_new_namespace(is_clone=True),
    "unshare": _if_new_namespace(is_clone=False),
    # Programs fall back to calls that can be seen; what goes through a ring cannot.
    "io_uring_setup": (_return(FAIL_WITH | ENOSYS),),
}


def filter_program(machine: Machine) -> bytes:
    """The filter, as the kernel takes it: an array of `struct sock_filter`."""
    program: list[Instruction] = [
        Instruction(LOAD_WORD, 0, 0, OFFSET_ARCHITECTURE),
        Instruction(JUMP_EQUAL, 1, 0, machine.audit_architecture),
        _return(NOTIFY),
        Instruction(LOAD_WORD, 0, 0, OFFSET_NUMBER),
        # x32, whose numbers start at 0x40000000, is among these.
        Instruction(JUMP_GREATER, 0, 1, HIGHEST_KNOWN),
        _return(NOTIFY),
    ]
    number_of = numbers(machine)
    for name in (*CALLS, *PECULIAR, *NAMESPACE, "io_uring_setup"):
        if name in number_of:
            rule = SPECIAL_RULES.get(name, (_return(NOTIFY),))
            program += Instruction(JUMP_EQUAL, 0, len(rule), number_of[name]), *rule
    program.append(_return(LET_THROUGH))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)
