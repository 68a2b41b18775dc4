"""Makes a task of the words of a `buildopt run` that a watched command calls.

Whatever needs more than one task and its record (`--dry-run`, a graph, a mistake) is left to that
call itself, which then joins the run around it as any other program.
"""

from __future__ import annotations

import os
from typing import Any

from buildopt import settings
from buildopt.cli import run
from buildopt.cli.call import make_call
from buildopt.model import CacheMode
from buildopt.session import Policy, Stores
from buildopt.steps.requests import Joined, Plain, StepRequest

HONOURED = frozenset((
    "words", "input_", "output", "env", "ignore_input", "ignore_output", "ignore_env", "cache",
    "force", "cache_dir", "strict_outputs", "strict_private", "no_stdin", "pass_fds",
    "result_file", "shell", "observe",
))  # fmt: skip
WITHOUT_EFFECT = frozenset(("cache_limit", "quiet", "verbose", "no_color", "report"))
"""About our line, the report and the cache as a whole: those are of the run around."""
HELP = ("--help", "-h")


def interpret(asked: StepRequest, around: Stores) -> Joined | Plain:
    """The task of a call; raises BuildoptError or click's own for a mistake in it."""
    own = asked.words[1 : asked.words.index("--")] if "--" in asked.words else asked.words[1:]
    if any(word in HELP for word in own):
        return Plain()
    options = _options(asked.words[1:])
    if options.get("dry_run"):
        return Plain(refuses=True)
    given = {name for name, value in options.items() if value}
    split = _split(options["words"], asked.words, shell=bool(options["shell"]))
    if split is None or given - HONOURED - WITHOUT_EFFECT:
        return Plain()
    task_name, argv = split
    chosen = settings.load(asked.directory, asked.environment)
    chosen = settings.with_options(chosen, options)
    if task_name and not run.is_one_task(chosen, (task_name,)):
        return Plain()
    call = make_call(
        chosen,
        argv,
        task_name=task_name,
        cache_dir=chosen.cache_dir,
        environ=asked.environment,
        directory=asked.directory,
        umask=asked.umask,
    )
    return Joined(
        task=call.task,
        policy=_policy(chosen, options, call.cache),
        stores=call.stores._replace(journal=around.journal, withheld=around.withheld),
        consulted=chosen.consulted,
        result_file=_path_in(asked.directory, options["result_file"]),
        is_recorded=not (chosen.pass_fds or call.trouble),
    )


def _options(words: tuple[str, ...]) -> dict[str, Any]:  # Any: click's values
    with run.command.make_context("buildopt run", list(words)) as context:
        return dict(context.params)


def _split(
    words: tuple[str, ...], whole: tuple[str, ...], *, shell: bool
) -> tuple[str, tuple[str, ...]] | None:
    """The task's name, or the command; None for anything else."""
    if "--" in whole:
        behind = whole[whole.index("--") + 1 :]
        if words != behind or not words or (shell and len(words) > 1):
            return None
        return ("", ("/bin/sh", "-c", words[0])) if shell else ("", words)
    return (words[0], ()) if len(words) == 1 else None


def _policy(chosen: settings.Settings, options: dict[str, Any], cache: CacheMode) -> Policy:
    """`force` only by the call's own word: a variable is meant for the run around as well."""
    return Policy(
        cache="off" if chosen.observe == "off" else cache,
        force=bool(options["force"]),
        stdin="null" if chosen.no_stdin else "inherit",
        uses_memo=os.environ.get("BUILDOPT_STAT_MEMO") != "0",
        takes_lists_apart=chosen.lists,
    )


def _path_in(directory: str, path: str | None) -> str:
    return os.path.join(directory, path) if path else ""
