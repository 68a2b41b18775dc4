"""As much of an interactive shell as job control needs: runs one command as a foreground job.

    job_shell.py LINE…   stdin, stdout and stderr are a terminal; leads a session of its own

Says `[stopped]` when the job stops, continues it on a line `fg`, and `[ended STATUS]` at last.
"""

import fcntl
import os
import signal
import sys
import termios


def main():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    settings = termios.tcgetattr(0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgrp())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(sys.argv[1], sys.argv[1:])
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
        is_restored = termios.tcgetattr(0) == settings
        if not os.WIFSTOPPED(status):
            break
        print(f"[stopped, terminal restored: {is_restored}]", flush=True)
        assert sys.stdin.readline() == "fg\n"
        os.tcsetpgrp(0, job)
        os.killpg(job, signal.SIGCONT)
    print(f"[ended {os.waitstatus_to_exitcode(status)}, restored: {is_restored}]", flush=True)


main()
