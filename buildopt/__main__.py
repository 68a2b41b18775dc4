"""Where every call begins: an unchanged run is answered at once, the rest is the command line's."""

import _signal  # type: ignore[import-not-found]  # has no stub; `signal` costs 2 ms
import gc
import os
import sys

from buildopt import hit


def main() -> int:
    """Answer `buildopt …`; the status to exit with."""
    arguments = sys.argv[1:]
    if arguments[:1] in (["run"], ["build"], ["watch"]):
        _end_by_interrupts()
    if arguments[:1] in (["run"], ["build"]):
        if b"BUILDOPT_ACTIVE" in os.environb:
            from buildopt.steps import joined

            if joined.is_joined_call(arguments):
                return joined.run_joined(arguments)
            os.environ.pop(os.fsdecode(joined.ASKED), None)
        status = hit.replay_if_fresh(arguments)
        if status is not None:
            return status
        # One run makes few cycles and ends soon; looking for them took 8 % of a miss.
        gc.disable()
    elif arguments[:1] == ["-c"]:
        from buildopt.steps import client

        if client.is_client_call(arguments):
            return client.run_script(arguments)
    from buildopt.cli.app import run_command_line

    return run_command_line(arguments)


def _end_by_interrupts() -> None:
    """Let Ctrl-C end us as any signal does: a kill at any moment leaves nothing half done.

    As an exception it could get lost where Python ignores those, in the midst of an import.
    """
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def run_and_exit() -> None:
    """End this process with the status of `main`, without taking the interpreter down piece by
    piece: that took 12 ms of a miss.
    """
    status = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # closed, or nobody reads any more
    os._exit(status)


if __name__ == "__main__":
    run_and_exit()
