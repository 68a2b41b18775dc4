"""A terminal of the user's, as a test sees it: what is shown on it, what is typed."""

import fcntl
import os
import pty
import select
import subprocess
import termios

PATIENCE_S = 60
"""A run that shows nothing for so long hangs; no test waits for it otherwise."""


class Screen:
    """One pseudo-terminal; what runs on it leads a session that it controls."""

    def __init__(self, rows=24, columns=80):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.settings = termios.tcgetattr(self.slave)
        self.shown = b""

    def resize(self, rows, columns):
        termios.tcsetwinsize(self.slave, (rows, columns))

    def start(self, command, **options):
        """Start a command whose streams are the terminal, but for those in `options`."""
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), self.slave)
        return subprocess.Popen(
            command, start_new_session=True, preexec_fn=self._control, **{**streams, **options}
        )

    def type(self, keys):
        os.write(self.master, keys)

    def wait_for(self, text):
        """Read on until `text` is shown."""
        while text not in self.shown:
            self._read()

    def finish(self, process):
        """Exit status of a process, once all that it shows is read."""
        life = os.pidfd_open(process.pid)
        while not select.select([life], [], [], 0)[0]:
            ready = select.select([life, self.master], [], [], PATIENCE_S)[0]
            assert ready, self.shown
            if self.master in ready:
                self._read()
        os.close(life)
        while select.select([self.master], [], [], 0)[0]:
            self._read()
        return process.wait()

    @property
    def is_as_before(self):
        return termios.tcgetattr(self.slave) == self.settings

    def close(self):
        os.close(self.master)
        os.close(self.slave)

    def _read(self):
        assert select.select([self.master], [], [], PATIENCE_S)[0], self.shown
        self.shown += os.read(self.master, 65536)

    def _control(self):
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)


def shown_by(command, *, size=(24, 80), **options):
    """Exit status of a command on a terminal of its own, and what it showed there."""
    screen = Screen(*size)
    try:
        status = screen.finish(screen.start(command, **{"stdin": subprocess.DEVNULL, **options}))
        return status, screen.shown
    finally:
        screen.close()
