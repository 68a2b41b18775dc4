"""`buildopt run …` inside a watched command: a step of the run around it, with its own record.

It asks the main process, which reads the options and settings, and answers it from a record or
has it run the command here. Where that cannot be (nobody listens, a mistake in the options, a
graph of tasks) it starts anew as `python -m buildopt`, which a watching main process takes for
any other program: all that it looks at counts.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` would import enum
import os
import posix
import sys

from buildopt.steps.asking import ACTIVE, ANSWERED, PLAINLY, ask, connect, tell_end
from buildopt.steps.child import end_like, start, take_signals, wait
from buildopt.steps.client import SCRIPT_SHELL, USER_SHELL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from buildopt.steps.asking import Start

ASKED = b"BUILDOPT_ASKED"
"""Set to the id of the run that was asked in vain already."""


def is_joined_call(arguments: list[str]) -> bool:
    """Whether a run around this one may be asked."""
    active_id = posix.environ.get(ACTIVE)
    return arguments[:1] == ["run"] and bool(active_id) and posix.environ.get(ASKED) != active_id


def run_joined(arguments: list[str]) -> int:
    """Run the command, or start anew without asking; the status to exit with."""
    take_signals()
    environment: dict[bytes, bytes] = dict(posix.environ)
    environment.pop(SCRIPT_SHELL, None)
    user_shell = environment.pop(USER_SHELL, None)
    if user_shell is not None:
        environment[SCRIPT_SHELL] = user_shell
    connection = connect()
    if connection is None:
        return _start_anew(arguments)
    try:
        what, streams, how = ask(connection, "run", arguments, environment)
    except (OSError, EOFError, ValueError):
        return _start_anew(arguments)
    if what == PLAINLY:
        return _start_anew(arguments)
    if what == ANSWERED:
        return 0
    # Now, not in the child: what that looks at counts for the step.
    from buildopt.execute import program  # noqa: F401

    ended = wait(start(lambda: _become(how, environment), streams))
    tell_end(connection, ended)
    return end_like(ended[0])


def _become(how: Start, environment: dict[bytes, bytes]) -> None:
    """Become the command, or say why not and end."""
    from buildopt.execute.program import replace_process, start_error

    argv, directory, more, has_null_stdin = how
    theirs = {os.fsdecode(n): os.fsdecode(v) for n, v in {**environment, **more}.items()}
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # the interpreter ignores them
        _signal.signal(number, _signal.SIG_DFL)
    try:
        if has_null_stdin:
            posix.dup2(posix.open("/dev/null", posix.O_RDONLY), 0)
        if directory != posix.getcwd():
            posix.chdir(directory)
        replace_process(argv, theirs)
    except OSError as error:
        trouble = start_error(argv, theirs, error.errno or 0)
        text = f"buildopt: {trouble.message}\nhint: {trouble.hint}. See docs/messages.md#"
        posix.write(2, f"{text}{trouble.slug}\n".encode(errors="surrogateescape"))
        posix._exit(trouble.run_exit_code)


def _start_anew(arguments: list[str]) -> int:
    words = [sys.executable, "-P", "-m", "buildopt", *arguments]
    active_id = posix.environ[ACTIVE]
    posix.execve(sys.executable, words, {**posix.environ, ASKED: active_id})
    return 125
