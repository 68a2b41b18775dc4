"""Runs one command by `execute` as `buildopt run` does, and writes down what came back.

driver.py REPORT OPTIONS(JSON) COMMAND [ARGUMENT…]
"""

import fcntl
import json
import os
import sys
import termios

from buildopt.errors import BuildoptError
from buildopt.execute import terminal
from buildopt.execute.command import Command, Unobserved
from buildopt.execute.process import end_like, execute
from buildopt.execute.status_line import Status
from buildopt.execute.streams import describe_streams


class BrokenSetup(Unobserved):
    def child_setup(self):
        raise RuntimeError("no filter here")


def without_terminals(ours):
    raise OSError("out of pty devices")


def main():
    report_file, options, *argv = sys.argv[1:]
    options = json.loads(options)
    if options.pop("controls_terminal", False):
        fcntl.ioctl(next(filter(os.isatty, (0, 1, 2))), termios.TIOCSCTTY, 0)
    if options.pop("broken_terminals", False):
        terminal.open_like = without_terminals
    status = Status(**options.pop("status")) if "status" in options else None
    setup = BrokenSetup() if options.pop("broken_setup", False) else Unobserved()
    options = {"directory": os.getcwd(), **options}
    environment = {**os.environ, **options.pop("variables", {})}
    command = Command(argv=tuple(argv), environment=environment, **options)
    try:
        execution = execute(command, setup, status)
    except BuildoptError as error:
        write(report_file, {"error": error.message, "hint": error.hint, "slug": error.slug})
        return error.run_exit_code
    chunks = execution.chunks
    report = {
        "exit_code": execution.exit_code,
        "signal": execution.signal,
        "chunks": chunks and [(chunk.stream, chunk.data.decode("latin-1")) for chunk in chunks],
        "not_stored": [(reason.kind, reason.subject) for reason in execution.not_stored],
        "duration_s": execution.usage.duration_s,
        "cpu_s": execution.usage.cpu_s,
        "peak_memory_bytes": execution.usage.peak_memory_bytes,
        "stdin": describe_streams().stdin,
    }
    write(report_file, report)
    return end_like(execution.exit_code, execution.signal)


def write(path, report):
    with open(path, "w") as file:
        json.dump(report, file)


if __name__ == "__main__":
    raise SystemExit(main())
