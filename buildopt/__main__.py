"""Where every call begins: an unchanged run is answered at once, the rest is the command line's."""

import _signal  # type: ignore[import-not-found]  # has no stub; `signal` costs 2 ms
import gc
import os
import sys

from buildopt import hit

COERCED_TO = (b"C.UTF-8", b"C.utf8", b"UTF-8")
"""What Python tries in turn (`_TARGET_LOCALES` in its `Python/pylifecycle.c`)."""


def main() -> int:
    """Answer `buildopt …`; the status to exit with."""
    arguments = sys.argv[1:]
    _undo_coercion()
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


def _undo_coercion() -> None:
    """Let the command see `LC_CTYPE` as the user has it: where no locale is set, Python sets one
    for itself and for all that it starts (PEP 538).
    """
    if os.environb.get(b"LC_CTYPE") not in COERCED_TO or os.environb.get(b"LC_ALL"):
        return
    try:
        with open("/proc/self/environ", "rb", buffering=0) as told:
            given = dict(each.partition(b"=")[::2] for each in told.read().split(b"\0"))
    except OSError:
        return
    if b"LC_CTYPE" not in given:
        del os.environb[b"LC_CTYPE"]
    else:
        os.environb[b"LC_CTYPE"] = given[b"LC_CTYPE"]


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
