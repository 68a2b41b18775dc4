"""What a `buildopt run` inside a watched command means to the records around it.

Their inputs are its settings as well, since the main process reads them and not the command.
Where it must not be answered, or must leave no record, or counts a variable that the whole run
leaves out, nothing around it is stored.
"""

from __future__ import annotations

import json
import marshal
import os
from collections.abc import Iterator

from buildopt.cache import files
from buildopt.cache.variables import is_asked_for
from buildopt.events import RunFinished, data_of
from buildopt.model import CacheMode, Task
from buildopt.session import Policy, Run
from buildopt.steps import shell
from buildopt.steps.requests import Joined, Plain, Start, StepRequest
from buildopt.steps.stage import Request

REFUSAL = ("settings", "call inside")
"""Kind and subject of the reason against a record around it."""


def tell_around(request: Request, asked: StepRequest, joined: Joined | Plain, around: Run) -> None:
    """Tell the ledgers around what it depends on; raises OSError."""
    if isinstance(joined, Plain):
        refuses = joined.refuses
    else:
        rows = [row for path in joined.consulted for row in _rows(path)]
        request(marshal.dumps(("meet", asked.client_pid, rows, [], [])))
        is_usual = joined.policy.reads and joined.policy.writes
        refuses = not is_usual or _counts_more(joined.task, around)
    if refuses:
        request(marshal.dumps(("refuse", asked.client_pid, *REFUSAL)))


def start_of(task: Task, policy: Policy, *, has_null_stdin: bool) -> Start:
    """How its client starts the command: with what makes steps of its scripts."""
    folders = (task.root, task.directory)
    more = shell.script_environment(task.argv, task.environment, folders)
    if more:
        more |= shell.lists_environment(is_on=policy.takes_lists_apart)
    variables = {os.fsencode(name): os.fsencode(value) for name, value in more.items()}
    return task.argv, task.directory, variables, has_null_stdin


def task_within(around: Task, own: Task) -> Task:
    """The task of a call inside: as strict as the run around it."""
    is_strict = own.strict_outputs or around.strict_outputs
    return own._replace(
        strict_outputs=is_strict,
        strict_private=own.strict_private or around.strict_private,
        told_files=() if is_strict else (*own.told_files, *around.told_files),
    )


def policy_within(around: Policy, own: Policy) -> Policy:
    """The policy of a call inside: what that around does not allow it does not get either."""
    reads, writes = around.reads and own.reads, around.writes and own.writes
    allowed: CacheMode = "read-write" if writes else "read"
    return own._replace(
        cache=allowed if reads or writes else "off",
        force=not reads,
        stdin="null",
        is_quiet=True,
    )


def tell_result(request: Request, client_pid: int, path: str, result: RunFinished) -> None:
    """Write the result as the command itself would have: an output of what is around."""
    try:
        request(marshal.dumps(("meet", client_pid, [], [path], [])))
        files.put(path, json.dumps(data_of(result)).encode() + b"\n")
        request(marshal.dumps(("made", client_pid, [path])))
    except OSError:
        return  # no result file is worth a build


def _rows(path: str) -> Iterator[tuple[str, str, str]]:
    """What reading a settings file looks at, with the links at its name."""
    place = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    if os.path.islink(place):
        yield ("link", place, "")
        place = os.path.realpath(place)
    yield ("file" if os.path.isfile(place) else "absent", place, "")


def _counts_more(task: Task, around: Run) -> bool:
    """Whether a variable counts that came from outside, and not for the run around."""
    return any(
        is_asked_for(name, task)
        and name not in around.variables
        and around.task.environment.get(name) == value
        for name, value in task.environment.items()
    )
