"""Observes one command as buildopt does, from a process of its own, and writes down what was told.

    python driver.py REPORT WAY RECORDER UID COMMAND...

WAY is `process` or `thread`, for where the supervisor lives; RECORDER a class below; UID the user
who does all that. The command finds the process id of the helper in HELPER_PID.
"""

import ctypes
import json
import os
import signal
import sys
from collections import Counter

from buildopt.model import NotStored, Observed
from buildopt.observe.seccomp.watch import SeccompWatch

PR_SET_DUMPABLE = 4


class Full:
    """Keeps whatever it is told."""

    def __init__(self):
        self.told = {"accesses": [], "incomplete": [], "connects": [], "started": [], "ended": []}

    def access(self, access):
        self.told["accesses"].append(access)

    def incomplete(self, kind, subject):
        self.told["incomplete"].append([kind, subject])

    def connects(self, pid, address, *, is_own):
        self.told["connects"].append([address, is_own])
        return True

    def process_started(self, pid, parent_pid, argv, started_ns):
        self.told["started"].append([pid, parent_pid, argv, started_ns])

    def process_ended(self, pid, ended_ns, *, cpu_s, peak_memory_bytes, exit_code):
        self.told["ended"].append([pid, exit_code, peak_memory_bytes])

    def result(self):
        return json.dumps(self.told, default=lambda operation: operation.name).encode()


class Counting(Full):
    """Counts the accesses to paths that are asked for by a word in their name."""

    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def access(self, access):
        if "counted" in access.path:
            self.counts[access.operation.name] += 1

    def result(self):
        self.told["counts"] = self.counts
        return super().result()


class RaisingAtFirst(Full):
    """Fails at its first access."""

    def access(self, access):
        raise RuntimeError("no room")


class RaisingAtEnd(Full):
    """Fails when it is to sum up."""

    def result(self):
        raise RuntimeError("no room")


class Dying(Full):
    """Is killed while the process whose call it looks at still waits for an answer."""

    def access(self, access):
        if access.path.endswith("/deadly"):
            os.kill(os.getpid(), signal.SIGKILL)


class Unmakeable(Full):
    """Cannot even be made."""

    def __init__(self):
        raise RuntimeError("no room")


def observe(way, recorder, command):
    """Run the command under observation; exit status and what was told."""
    told = {}

    def read_result(result):
        told.update(json.loads(result))
        return Observed(incomplete=tuple(NotStored(*row) for row in told["incomplete"]))

    watch = SeccompWatch(recorder, read_result, in_thread=way == "thread")
    os.environ["HELPER_PID"] = str(watch.helper_pid)
    pid = os.fork()
    if pid == 0:
        watch.child_setup()
        os.execvp(command[0], command)
    watch.started(pid)
    _, status = os.waitpid(pid, 0)
    observed = watch.finish()
    return {
        "status": os.waitstatus_to_exitcode(status),
        "trouble": watch.trouble,
        "observed": [list(reason) for reason in observed.incomplete],
        **told,
    }


def become(uid):
    """Be that user, and one whose memory may be read again."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def main():
    report_file, way, recorder, uid, *command = sys.argv[1:]
    with open(report_file, "w", encoding="ascii") as file:
        if int(uid) != os.getuid():
            become(int(uid))
        json.dump(observe(way, globals()[recorder], command), file)


if __name__ == "__main__":
    main()
