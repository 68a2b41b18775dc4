"""Runs a command under observation and beside the cache: what `trace` and `verify` share."""

from __future__ import annotations

import os
import stat

from buildopt import settings
from buildopt.cli.call import Call, make_call, working_directory
from buildopt.errors import BuildoptError, UsageError
from buildopt.execute.environment import ACTIVE
from buildopt.execute.streams import plug_closed_streams
from buildopt.model import Execution, Observed, OutputState
from buildopt.session import Policy, Run, begin
from buildopt.watched import OwnStage, run_watched


def call_for(words: tuple[str, ...], *, name: str) -> Call:
    """The call of `words` under tracing, with nothing adopted; raises BuildoptError.

    `name` is that of our command, for the hints.
    """
    plug_closed_streams()
    if not words:
        raise UsageError("no command to run", hint=f"buildopt {name} -- COMMAND", slug="no-command")
    if ACTIVE in os.environ:
        raise UsageError(
            f"cannot {name} inside a command that buildopt is watching",
            hint=f"run `buildopt {name}` by itself, and the build inside it",
            slug="nested",
        )
    call = make_call(_settings()._replace(observe="seccomp", strict_outputs=True), words)
    if call.trouble is not None:
        raise BuildoptError(
            f"cannot use the cache folder: {call.trouble.subject}",
            hint="name another one in BUILDOPT_CACHE_DIR",
            slug="cache-folder",
        )
    return call


def made_earlier(words: tuple[str, ...]) -> frozenset[str]:
    """What `buildopt run` of the same words has made here and is still as it was left."""
    call = make_call(_settings(), words)
    if call.observer is None:
        return frozenset()
    run = begin(call.task, Policy(cache="off"), call.observer, call.stores, OwnStage())
    return frozenset(path for path, made in run.owned.states.items() if _is_as_made(made, run))


def _is_as_made(made: OutputState, run: Run) -> bool:
    """Whether nobody has changed it since; sizes are not kept, so contents are compared."""
    try:
        mode = os.lstat(made.path).st_mode
        if made.kind == "link":
            return stat.S_ISLNK(mode) and os.readlink(made.path) == made.digest
        if made.kind == "directory":
            return stat.S_ISDIR(mode)
        return run.states().digest(made.path).startswith(made.fast_digest or "-")
    except OSError:
        return False


def _settings() -> settings.Settings:
    return settings.load(working_directory(), os.environ)


def begin_trial(call: Call, *, no_stdin: bool) -> Run:
    """What one watched run of the call needs."""
    assert call.observer is not None, "tracing was asked for, and what refuses it raises"
    policy = Policy(cache="off", stdin="null" if no_stdin else "inherit")
    return begin(call.task, policy, call.observer, call.stores, OwnStage())


def run_once(call: Call, *, no_stdin: bool) -> tuple[Execution, Observed]:
    """Run the command once; raises BuildoptError where it cannot be started."""
    run = begin_trial(call, no_stdin=no_stdin)
    try:
        return run_watched(run)
    finally:
        run.memo.save()
