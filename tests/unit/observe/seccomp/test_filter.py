"""The filter program as data: run here by an interpreter of our own, for either machine."""

import struct
from typing import NamedTuple

import pytest

from buildopt.observe.seccomp.filter import filter_program
from buildopt.observe.seccomp.numbers import HIGHEST_KNOWN, MACHINES, numbers

ALLOWED, NOTIFIED, NO_SUCH_CALL = 0x7FFF0000, 0x7FC00000, 0x00050000 | 38
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
LONGEST_PROGRAM = 4096
"""BPF_MAXINSNS of `linux/bpf_common.h`."""

TRAPPED = """
    open openat openat2 creat execve execveat stat lstat newfstatat statx access faccessat
    faccessat2 readlink readlinkat getdents getdents64 rename renameat renameat2 unlink unlinkat
    rmdir mkdir mkdirat link linkat symlink symlinkat mknod mknodat chmod fchmodat fchmodat2 chown
    lchown fchownat utime utimes futimesat utimensat truncate setxattr lsetxattr removexattr
    lremovexattr getxattr lgetxattr listxattr llistxattr statfs chdir fchdir chroot
    name_to_handle_at open_by_handle_at connect bind mount umount2 setns pivot_root fchmod fchown
    fsetxattr fremovexattr file_getattr file_setattr inotify_add_watch open_tree move_mount fsopen
    fsmount mount_setattr
"""
LEGACY = """
    open creat stat lstat access readlink getdents rename unlink rmdir mkdir link symlink mknod
    chmod chown lchown utime utimes futimesat
"""
"""Calls that aarch64 never had."""

LET_THROUGH = {
    "x86_64": {"read": 0, "write": 1, "close": 3, "fstat": 5, "mmap": 9, "ftruncate": 77},
    "aarch64": {
        "read": 63, "write": 64, "close": 57, "fstat": 80, "mmap": 222, "ftruncate": 46,
    },
}  # fmt: skip

FORK, VFORK, THREAD = 17, 0x4000 | 0x100 | 17, 0x3D0F00
"""Flags of `clone` as C libraries pass them: SIGCHLD; CLONE_VM and CLONE_VFORK; a thread's."""
NAMESPACES = {
    "time": 0x80, "mount": 0x20000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000,
    "user": 0x10000000, "pid": 0x20000000, "network": 0x40000000,
}  # fmt: skip


class Kernel(NamedTuple):
    """One machine's kernel with the filter, to be asked what it would do with a call."""

    machine: str
    program: tuple[tuple[int, int, int, int], ...]

    def decide(self, name: str, *arguments: int) -> int:
        return self.decide_number(numbers(MACHINES[self.machine])[name], *arguments)

    def decide_number(self, number: int, *arguments: int, architecture: int = 0) -> int:
        words = [argument & (1 << 64) - 1 for argument in (*arguments, *[0] * 6)][:6]
        architecture = architecture or ARCHITECTURES[self.machine]
        return interpret(self.program, struct.pack("<iIQ6Q", number, architecture, 0, *words))


def interpret(program: tuple[tuple[int, int, int, int], ...], data: bytes) -> int:
    """What a program of classic BPF, of the few instructions in use, returns for `data`."""
    at = accumulator = 0
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        match code:
            case 0x20:  # load a word
                (accumulator,) = struct.unpack_from("<I", data, operand)
            case 0x15:
                at += if_true if accumulator == operand else if_false
            case 0x25:
                at += if_true if accumulator > operand else if_false
            case 0x35:
                at += if_true if accumulator >= operand else if_false
            case 0x45:
                at += if_true if accumulator & operand else if_false
            case 0x05:
                at += operand
            case 0x54:
                accumulator &= operand
            case 0x06:
                return operand
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")


@pytest.fixture(params=sorted(ARCHITECTURES))
def kernel(request):
    program = filter_program(MACHINES[request.param])
    return Kernel(request.param, tuple(struct.iter_unpack("<HBBI", program)))


def test_program_is_one_that_the_kernel_takes(kernel):
    assert len(kernel.program) <= LONGEST_PROGRAM
    assert kernel.program[-1][0] == 0x06
    for at, (code, if_true, if_false, _) in enumerate(kernel.program):
        assert code != 0x45 or at + 1 + max(if_true, if_false) < len(kernel.program)


def test_every_call_that_names_a_path_or_a_peer_is_notified(kernel):
    known = numbers(MACHINES[kernel.machine])
    expected = {*TRAPPED.split()} - ({*LEGACY.split()} if kernel.machine == "aarch64" else set())

    assert expected <= known.keys()
    assert {name for name in expected if kernel.decide(name) != NOTIFIED} == set()


def test_legacy_calls_have_no_number_on_aarch64():
    assert not {*LEGACY.split()} & numbers(MACHINES["aarch64"]).keys()


def test_calls_that_need_an_open_file_are_let_through(kernel):
    decided = {
        name: kernel.decide_number(number) for name, number in LET_THROUGH[kernel.machine].items()
    }

    assert set(decided.values()) == {ALLOWED}


def test_ring_does_not_exist(kernel):
    assert kernel.decide("io_uring_setup", 8, 0x1000) == NO_SUCH_CALL


def test_whatever_is_newer_than_the_table_is_notified(kernel):
    assert HIGHEST_KNOWN >= 469
    for number in (HIGHEST_KNOWN + 1, 500, 4000, 0x3FFFFFFF):
        assert kernel.decide_number(number) == NOTIFIED


def test_number_of_x32_is_notified(kernel):
    assert kernel.decide_number(0x40000000) == NOTIFIED
    assert kernel.decide_number(0x40000000 + 257) == NOTIFIED


@pytest.mark.parametrize("architecture", [0x40000003, 0x40000028, 0xC00000F3])
def test_foreign_architecture_is_notified_whatever_the_number(kernel, architecture):
    for number in (0, 1, 5, 20, 425):
        assert kernel.decide_number(number, architecture=architecture) == NOTIFIED


@pytest.mark.parametrize("name", ["newfstatat", "statx"])
@pytest.mark.parametrize("folder", [AT_FDCWD, AT_FDCWD & 0xFFFFFFFF, 0, 3])
def test_stat_is_notified_even_if_its_path_may_be_empty(kernel, name, folder):
    assert kernel.decide(name, folder, 0x7000, AT_EMPTY_PATH, AT_EMPTY_PATH) == NOTIFIED


@pytest.mark.parametrize("flags", [FORK, VFORK, THREAD, 0])
def test_plain_clone_is_let_through(kernel, flags):
    assert kernel.decide("clone", flags) == ALLOWED


@pytest.mark.parametrize("space", sorted(NAMESPACES.keys() - {"time"}))
def test_clone_into_a_new_namespace_is_notified(kernel, space):
    for flags in (FORK, VFORK):
        assert kernel.decide("clone", flags | NAMESPACES[space]) == NOTIFIED


@pytest.mark.parametrize("space", sorted(NAMESPACES))
def test_unshare_of_a_namespace_is_notified(kernel, space):
    assert kernel.decide("unshare", NAMESPACES[space]) == NOTIFIED


def test_unshare_of_the_working_directory_is_notified_and_of_anything_else_is_not(kernel):
    assert kernel.decide("unshare", 0x200) == NOTIFIED
    assert kernel.decide("unshare", 0x400) == ALLOWED


def test_process_that_shares_a_working_directory_is_notified(kernel):
    assert kernel.decide("clone", 0x200 | 17) == NOTIFIED


def test_thread_that_shares_no_working_directory_is_notified(kernel):
    assert kernel.decide("clone", THREAD & ~0x200) == NOTIFIED


def test_clone3_is_notified_for_its_flags_stand_in_memory(kernel):
    assert kernel.decide("clone3", 0x7000, 88) == NOTIFIED


def test_datagram_is_notified_only_with_an_address(kernel):
    assert kernel.decide("sendto", 3, 0x7000, 1, 0, 0, 0) == ALLOWED
    assert kernel.decide("sendto", 3, 0x7000, 1, 0, 0x7000, 16) == NOTIFIED
    assert kernel.decide("sendto", 3, 0x7000, 1, 0, 0x7F0000000000, 16) == NOTIFIED


def test_message_is_notified_whatever_usual_flags_it_has(kernel):
    for flags in (0, 0x4000, 0x40, 0x4040, 0x40004000):
        assert kernel.decide("sendmsg", 3, 0x7000, flags) == NOTIFIED
