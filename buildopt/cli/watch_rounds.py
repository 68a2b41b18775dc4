"""One round of `buildopt watch`: what `buildopt run` of the same tasks would do, and the check."""

from __future__ import annotations

import os
import shlex
import time
from typing import Any, NamedTuple

from buildopt import settings
from buildopt.cli.call import open_place
from buildopt.cli.run_graph import run_plan, works_of
from buildopt.cli.words import tell, tell_error
from buildopt.errors import EXIT_USAGE, BuildoptError
from buildopt.events import RunFinished, data_of
from buildopt.settings import TaskSettings
from buildopt.tasks.graph import plan as plan_of
from buildopt.tasks.model import GraphTask, Plan
from buildopt.tasks.workspaces import load_project
from buildopt.watch.checker import Checker
from buildopt.watch.loop import Checked
from buildopt.watch.polling import Signature, signature
from buildopt.watch.round_process import RoundEnd, Server

Options = dict[str, Any]  # Any: click's values
NO_LISTS: Options = dict.fromkeys(
    ("input_", "output", "env", "ignore_input", "ignore_output", "ignore_env", "filter"), ()
)


class Wish(NamedTuple):
    """What is to be watched: names of tasks, a command, or both."""

    names: tuple[str, ...]
    command: tuple[str, ...]
    directory: str
    options: Options
    then: tuple[str, ...] = ()
    """Names of tasks that are run after each good round."""


class Planned(NamedTuple):
    """A wish as the settings and manifests of this moment have it."""

    chosen: settings.Settings
    plan: Plan
    servers: tuple[Server, ...]
    consulted: tuple[str, ...]


class WatchRounds:
    """Runs the tasks of a wish, again and again. See `round_process.Rounds`."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._checker: Checker | None = None
        self._consulted: dict[str, tuple[int, ...] | None] = {}
        self._accepted: dict[str, Signature | None] = {}
        """What differs and starts nothing as long as it is like this."""
        self._made_then: frozenset[str] = frozenset()

    def run(self) -> RoundEnd:
        """Plan anew, run, and take stock of what was looked at."""
        started_s, began_ns = time.monotonic(), time.time_ns()
        directory = self._wish.directory
        os.environ["PWD"] = directory
        try:
            os.chdir(directory)  # the folder may be another one by now
        except OSError as error:
            tell(f"buildopt: cannot enter `{directory}`: {error.strerror}")
            self._consulted = {directory: None}
            return self._failed()
        known = self._consulted or settings.find_root(self._wish.directory)[1]
        before = {path: _state(path) for path in known}  # before they are read
        self._consulted = before
        try:
            planned = planned_of(self._wish)
            now = {path: _state(path) for path in planned.consulted}
            self._consulted = now | {path: before[path] for path in before.keys() & now.keys()}
            chosen = planned.chosen
            place = open_place(
                chosen, cache_dir=chosen.cache_dir, environ=os.environ, here=self._wish.directory
            )
            works = works_of(planned.plan, place, keeps_seen=True)
            shown = self._wish.names or tuple(task.id for task in planned.plan.tasks)
            ran = run_plan(planned.plan, place, works, shown, started_s, is_watching=True)
            then = self._run_then() if self._wish.then and not ran.result.exit_code else None
        except BuildoptError as error:
            tell_error(error.message, error.hint, error.slug)
            return self._failed()
        known_files = self._checker.files() if self._checker else {}
        self._checker = Checker(works, place.stores, ran.end, began_ns, known_files)
        self._accepted = {}
        return RoundEnd(
            result=data_of(ran.result),
            exit_code=ran.result.exit_code or (then.exit_code if then else 0),
            signal=ran.result.signal or (then.signal if then else None) or 0,
            rows=tuple(self._checker.rows()),
            made=self._checker.made(),
            unknown=bool(self._checker.unknown),
            consulted=planned.consulted,
            servers=planned.servers,
            then=data_of(then) if then else None,
        )

    def check(self, paths: frozenset[str], *, is_lost: bool, accepts: bool) -> Checked:
        """What differs from the last round; of tasks that nobody saw, whatever was told."""
        found = self._differing(paths, is_lost=is_lost, is_whole=accepts or bool(self._accepted))
        differing = frozenset(
            path
            for path in found.differing
            if path not in self._accepted or self._accepted[path] != signature(path)
        )
        if accepts:
            self._accepted |= {path: signature(path) for path in differing}
        return Checked(differing, found.by_run & differing)

    def _differing(self, paths: frozenset[str], *, is_lost: bool, is_whole: bool) -> Checked:
        """What differs; all of it where that is asked for, else at least what makes a run."""
        changed = {path for path, before in self._consulted.items() if _state(path) != before}
        if self._checker is None:
            return Checked(frozenset(changed))
        checked = self._checker.check(frozenset() if is_whole or is_lost else paths)
        if self._checker.unknown:
            changed |= paths | ({self._wish.directory} if is_lost else set())
        by_run = checked.by_run | (checked.differing & self._made_then)
        return Checked(checked.differing | changed, by_run - changed)

    def _run_then(self) -> RunFinished:
        """Run the tasks that follow a good round. What they read starts nothing."""
        started_s = time.monotonic()
        wish = self._wish._replace(names=self._wish.then, command=(), then=())
        planned = planned_of(wish)
        place = open_place(
            planned.chosen,
            cache_dir=planned.chosen.cache_dir,
            environ=os.environ,
            here=self._wish.directory,
        )
        works = works_of(planned.plan, place, keeps_seen=True)
        if not planned.chosen.quiet:
            tell(f"buildopt: then {', '.join(f'`{name}`' for name in wish.names)}")
        ran = run_plan(planned.plan, place, works, wish.names, started_s)
        self._made_then = Checker(works, place.stores, ran.end).made()
        return ran.result

    def _failed(self) -> RoundEnd:
        """A round that did not begin; a change of what was read so far makes another."""
        self._checker = None
        return RoundEnd(
            result=None,
            exit_code=EXIT_USAGE,
            signal=0,
            rows=(),
            made=frozenset(),
            unknown=False,
            consulted=tuple(self._consulted),
            servers=(),
        )


def planned_of(wish: Wish) -> Planned:
    """The plan of a wish, now; raises BuildoptError."""
    chosen, workspace = load_project(wish.directory, os.environ)
    chosen = settings.with_options(chosen, {**NO_LISTS, **wish.options})
    plan = Plan(chosen.root, (), ())
    if wish.names:
        plan = plan_of(
            wish.names,
            settings=chosen,
            workspace=workspace,
            directory=wish.directory,
            filters=chosen.filter,
        )
    if wish.command:
        task = _of_command(wish)
        plan = plan._replace(tasks=(*plan.tasks, task), requested=(*plan.requested, task.id))
    consulted = (*chosen.consulted, *(workspace.consulted if workspace else ()))
    return Planned(
        chosen=chosen,
        plan=plan._replace(tasks=tuple(t for t in plan.tasks if not t.is_persistent)),
        servers=tuple(_server(task) for task in plan.tasks if task.is_persistent),
        consulted=tuple(dict.fromkeys(consulted)),
    )


def _of_command(wish: Wish) -> GraphTask:
    name = shlex.join(wish.command)
    task = TaskSettings(name=name, command=wish.command, directory=wish.directory)
    return GraphTask(id=name, name=name, package="", settings=task)


def _server(task: GraphTask) -> Server:
    named = task.settings
    return Server(task.id, named.command, named.directory, named.inputs)


def _state(path: str) -> tuple[int, ...] | None:
    """What counts of a file or folder that was consulted; of git's own that it is there."""
    found = signature(path)
    return found[:1] if found and os.path.basename(path) == ".git" else found
